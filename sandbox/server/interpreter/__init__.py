"""The code interpreter: contexts that keep their state, each a program of its own in the sandbox."""
