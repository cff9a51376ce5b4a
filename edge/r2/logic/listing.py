"""A page of a listing: objects, and names up to a delimiter in place of what lies behind it.

Source: spec runtime.md section 12, recording `r2_list`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass, field

from edge.r2.logic.entry import Entry


@dataclass(frozen=True, slots=True)
class ListOptions:
    """What is listed, and from where."""

    prefix: str = ""
    delimiter: str | None = None
    cursor: str | None = None
    start_after: str | None = None
    limit: int | None = None
    with_http: bool = False
    with_custom: bool = False

    @property
    def after(self) -> str | None:
        """The key behind which the page begins: that of the cursor, or a later `start_after`."""
        if self.cursor is None:
            return self.start_after
        key = cursor_key(self.cursor)
        return key if self.start_after is None or key > self.start_after else self.start_after


@dataclass(frozen=True, slots=True)
class Page:
    """`cursor` is None on the last page."""

    objects: list[Entry] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    cursor: str | None = None


def page(entries: Iterable[Entry], prefix: str, delimiter: str | None, limit: int) -> Page:
    """The first page of `entries`, which are those with the prefix in the order of their keys."""
    assert limit > 0, limit
    objects: list[Entry] = []
    prefixes: list[str] = []
    last_key = ""
    for entry in entries:
        group = _group(entry.key, len(prefix), delimiter)
        if group is None or not prefixes or prefixes[-1] != group:
            if len(objects) + len(prefixes) == limit:
                # The cursor names a key that was listed, so that keys which are put meanwhile are found.
                return Page(objects, prefixes, key_cursor(last_key))
            if group is None:
                objects.append(entry)
            else:
                prefixes.append(group)
        last_key = entry.key
    return Page(objects, prefixes)


def _group(key: str, skip: int, delimiter: str | None) -> str | None:
    if not delimiter:
        return None
    found = key.find(delimiter, skip)
    return None if found < 0 else key[: found + len(delimiter)]


def key_cursor(key: str) -> str:
    """An opaque text for a key."""
    return base64.b64encode(key.encode()).decode()


def cursor_key(cursor: str) -> str:
    """The key of a cursor; what is none means some key or other, as on the platform."""
    try:
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4)).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""
