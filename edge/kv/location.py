"""Where a namespace lies on disk: the layout of `wrangler dev`.

Source: spec wrangler.md sections 5.1 and 5.2.
"""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

_UNIQUE_KEY = "miniflare-KVNamespaceObject"


def namespace_path(state: Path, namespace_id: str) -> Path:
    """The database file of a namespace below the state directory."""
    return state / "v3" / "kv" / _UNIQUE_KEY / f"{object_id(_UNIQUE_KEY, namespace_id)}.sqlite"


def object_id(unique_key: str, name: str) -> str:
    """The 64 hexadecimal digits by which Miniflare calls the object `name` of a class of objects."""
    key = hashlib.sha256(unique_key.encode()).digest()
    first = hmac.digest(key, name.encode(), "sha256")[:16]
    last = hmac.digest(key, first, "sha256")[:16]
    return (first + last).hex()
