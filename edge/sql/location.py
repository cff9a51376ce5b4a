"""Where an object's database lies on disk: the layout of `wrangler dev`.

Source: spec wrangler.md sections 5.1, 5.2 and 5.4.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from pathlib import Path
from urllib.parse import quote

_UNSAFE = re.compile("[?<>*\"'^/\\\\:|\x00-\x1f\x80-\x9f]")
_DOTS = re.compile(r"^\.+$|(?<=[/\\])\.+(?=[/\\]|$)|^\.+(?=[/\\])")
_WINDOWS_NAMES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
_BLANK_EDGES = re.compile("^ +| +$")
_NAME_MAX = 255
#: What encodeURIComponent leaves as it is, beside letters, digits and `_.-~`.
_URI_SAFE = "!'()*"


def object_id(unique_key: str, name: str) -> str:
    """The 64 hexadecimal digits by which Miniflare calls the object `name` of a class of objects."""
    key = hashlib.sha256(unique_key.encode()).digest()
    first = hmac.digest(key, name.encode(), "sha256")[:16]
    last = hmac.digest(key, first, "sha256")[:16]
    return (first + last).hex()


def object_path(state: Path, plugin: str, unique_key: str, name: str) -> Path:
    """The database file of the object `name`, below the state directory."""
    return state / "v3" / plugin / unique_key / f"{object_id(unique_key, name)}.sqlite"


def blob_folder(state: Path, plugin: str, name: str) -> Path:
    """The folder of the values that `name` keeps outside of its database."""
    return state / "v3" / plugin / quote(_sanitised(name), safe=_URI_SAFE) / "blobs"


def _sanitised(name: str) -> str:
    name = _UNSAFE.sub("_", _DOTS.sub(_underscores, name))
    if _WINDOWS_NAMES.fullmatch(name):
        return "_"
    return _BLANK_EDGES.sub(_underscores, name)[:_NAME_MAX]


def _underscores(found: re.Match[str]) -> str:
    return "_" * len(found[0])
