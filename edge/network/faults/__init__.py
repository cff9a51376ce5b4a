"""What goes wrong, by script and by seed."""
