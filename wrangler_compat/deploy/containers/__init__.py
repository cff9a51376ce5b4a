"""Containers of a deploy: their images are built and pushed, their applications made or changed."""
