"""JavaScript values in Python: what Workers exchange with the platform and with one another."""
