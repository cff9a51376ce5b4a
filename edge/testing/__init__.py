"""A world in a test: virtual time, clients in process, a look inside objects and stores."""
