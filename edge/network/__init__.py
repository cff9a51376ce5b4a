"""Where things are, how far apart, and what goes wrong on the way."""
