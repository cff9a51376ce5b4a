"""`edge types`: what `self.env` holds, for editors and type checkers."""
