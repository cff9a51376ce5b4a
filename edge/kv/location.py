"""Where a namespace lies on disk: the layout of `wrangler dev`.

Source: spec wrangler.md sections 5.1 and 5.2.
"""

from __future__ import annotations

from pathlib import Path

from edge.sql.location import blob_folder, object_path


def namespace_path(state: Path, namespace_id: str) -> Path:
    """The database file of a namespace below the state directory."""
    return object_path(state, "kv", "miniflare-KVNamespaceObject", namespace_id)


def values_folder(state: Path, namespace_id: str) -> Path:
    """The folder of a namespace's values."""
    return blob_folder(state, "kv", namespace_id)
