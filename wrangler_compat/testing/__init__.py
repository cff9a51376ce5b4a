"""The project's Worker in pytest: configuration found, code loaded, fixtures made."""
