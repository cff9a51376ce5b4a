"""The rules of R2: no I/O, no clock, no loop."""
