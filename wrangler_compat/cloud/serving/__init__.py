"""Running what was uploaded: from a version to a Worker that answers."""
