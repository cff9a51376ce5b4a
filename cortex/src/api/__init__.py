"""The HTTP APIs, one module a group of routes."""
