"""What kind of content a file holds: by its bytes first, then by its name. Pure.

Source: spec sandbox-and-containers.md section 5.2 (`mimeType`, `isBinary`).
"""

from __future__ import annotations

import codecs
from mimetypes import MimeTypes
from typing import NamedTuple

#: Python's own table only: what a machine has in /etc/mime.types must not show.
_TYPES = MimeTypes()
_TEXT_TYPES = frozenset(
    {
        "application/javascript",
        "application/json",
        "application/ld+json",
        "application/sql",
        "application/toml",
        "application/typescript",
        "application/x-httpd-php",
        "application/x-ndjson",
        "application/x-sh",
        "application/x-yaml",
        "application/xml",
        "image/svg+xml",
    }
)
SNIFFED_BYTES = 8192


class ContentType(NamedTuple):
    mime_type: str
    is_binary: bool


def content_type(name: str, head: bytes) -> ContentType:
    """The type of the file `name`, whose first bytes are `head`."""
    guess = _TYPES.guess_type(name, strict=False)[0]
    if _is_text(head):
        known = guess is not None and (guess.startswith("text/") or guess in _TEXT_TYPES)
        return ContentType(guess if known and guess else "text/plain", False)
    if guess is None or guess.startswith("text/") or guess in _TEXT_TYPES:
        return ContentType("application/octet-stream", True)
    return ContentType(guess, True)


def _is_text(head: bytes) -> bool:
    if b"\0" in head:
        return False
    try:
        # A character may be cut off where the head ends.
        codecs.getincrementaldecoder("utf-8")().decode(head, final=len(head) < SNIFFED_BYTES)
    except UnicodeDecodeError:
        return False
    return True
