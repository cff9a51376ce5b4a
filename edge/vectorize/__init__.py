"""Vectorize: indexes of vectors, searched exactly."""
