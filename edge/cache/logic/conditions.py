"""What a request asks of a stored response: whether it changed, and which bytes of it.

Sources: Cloudflare's "Cache" page (Range, If-Modified-Since, If-None-Match); spec runtime.md section 7.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

_ETAG = re.compile(r'(?:W/)?"(.+)"')
_DATE = re.compile(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")
_UNIT = re.compile(r" *bytes *=", re.IGNORECASE)
_RANGE = re.compile(r" *(\d+)? *- *(\d+)? *")


class NotSatisfiable(Exception):
    """No byte of the response is in the range."""


def not_modified(request: Mapping[str, str], stored: Mapping[str, str]) -> bool:
    """Whether the request's `If-None-Match` or `If-Modified-Since` says that its own copy is as good."""
    wanted, own = request.get("if-none-match"), _tag(stored.get("etag", ""))
    tags = [_tag(part) for part in (wanted or "").split(",")]
    if own is not None and (own in tags or (wanted or "").strip() == "*"):
        return True
    since_s, modified_s = (
        _time_s(headers.get(name))
        for headers, name in ((request, "if-modified-since"), (stored, "last-modified"))
    )
    return since_s is not None and modified_s is not None and modified_s <= since_s


def byte_range(header: str | None, size_bytes: int) -> tuple[int, int] | None:
    """First and last byte of a `Range` header; None for the whole, also when it has several ranges. Raises
    NotSatisfiable."""
    if header is None:
        return None
    unit = _UNIT.match(header)
    if unit is None:
        raise NotSatisfiable
    parts = header[unit.end() :].split(",")
    ranges = [_one_range(part, size_bytes) for part in parts]
    return ranges[0] if len(ranges) == 1 else None


def _one_range(text: str, size_bytes: int) -> tuple[int, int] | None:
    found = _RANGE.fullmatch(text)
    if found is None or not (found[1] or found[2]):
        raise NotSatisfiable
    if found[1] is None:
        length = int(found[2])
        if length == 0:
            raise NotSatisfiable
        return None if length >= size_bytes else (size_bytes - length, size_bytes - 1)
    first = int(found[1])
    last = size_bytes - 1 if found[2] is None else min(int(found[2]), size_bytes - 1)
    if first >= size_bytes or first > last:
        raise NotSatisfiable
    return first, last


def _tag(text: str) -> str | None:
    found = _ETAG.fullmatch(text.strip())
    return None if found is None else found[1]


def _time_s(text: str | None) -> float | None:
    if text is None or _DATE.fullmatch(text) is None:
        return None
    try:
        return parsedate_to_datetime(text).timestamp()
    except ValueError:
        return None
