"""`edge tail`: what happens in a deployed Worker, while it happens."""
