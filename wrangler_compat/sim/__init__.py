"""`edge sim`: a project under many users, from the command line."""
