"""`edge check`: what CPython forgives and the platform does not."""
