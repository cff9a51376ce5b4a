"""The registry of container images: what Docker pushes to and pulls from (OCI distribution)."""
