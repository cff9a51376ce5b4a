"""`edge init`: new projects from templates."""
