"""What an index decides without I/O."""
