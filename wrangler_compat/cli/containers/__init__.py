"""`edge containers`: the container applications and images of an account."""
