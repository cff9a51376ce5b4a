"""Tests of what is decided about messages."""
