"""What is too long, too large or too many.

Source: spec runtime.md section 12.
"""

from __future__ import annotations

from collections.abc import Mapping

from edge.r2.logic.refusal import invalid_limit, invalid_name, metadata_too_large, too_large

KEY_BYTES_MAX = 1024
METADATA_BYTES_MAX = 2048
OBJECT_BYTES_MAX = 5 * 2**30 - 5 * 2**20
LIST_MAX = 1000
#: Metadata in a listing takes room: then a page is shorter.
LIST_WITH_METADATA_MAX = 100
PART_BYTES_MIN = 5 * 2**20

assert LIST_WITH_METADATA_MAX <= LIST_MAX


def check_key(key: str) -> None:
    """Raises `R2Refused` for a name above 1,024 bytes; an empty one is accepted locally."""
    if len(key) * 4 > KEY_BYTES_MAX and len(key.encode()) > KEY_BYTES_MAX:
        raise invalid_name()


def check_metadata(custom: Mapping[str, str]) -> None:
    """Raises `R2Refused` above 2,048 bytes."""
    if sum(_stored_bytes(name) + _stored_bytes(value) for name, value in custom.items()) > METADATA_BYTES_MAX:
        raise metadata_too_large()


def _stored_bytes(text: str) -> int:
    """Two bytes a UTF-16 unit as soon as one of them needs it."""
    if all(character <= "\xff" for character in text):
        return len(text)
    return len(text.encode("utf-16-le", "surrogatepass"))


def check_size(size_bytes: int) -> None:
    """Raises `R2Refused` above 5 GiB less 5 MiB."""
    assert size_bytes >= 0, size_bytes
    if size_bytes > OBJECT_BYTES_MAX:
        raise too_large()


def page_limit(limit: int | None, *, with_metadata: bool) -> int:
    """How many entries a page of a listing may have. Raises `R2Refused` outside of 1 to 1,000."""
    if limit is None:
        limit = LIST_MAX
    if not 1 <= limit <= LIST_MAX:
        raise invalid_limit()
    return min(limit, LIST_WITH_METADATA_MAX) if with_metadata else limit
