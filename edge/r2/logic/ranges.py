"""Which bytes of an object are wanted.

Source: spec runtime.md section 12; RFC 7233.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from edge.r2.logic.entry import Piece
from edge.r2.logic.refusal import invalid_range

_UNIT = re.compile(r" *bytes *=", re.IGNORECASE)
_RANGE = re.compile(r" *(\d+)? *- *(\d+)? *")


@dataclass(frozen=True, slots=True)
class Stretch:
    """`length` bytes from `offset`."""

    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class RangeWanted:
    """What the caller asked for: an offset, a length, both, or the last bytes; or a Range header."""

    offset: int | None = None
    length: int | None = None
    suffix: int | None = None
    header: str | None = None

    def of(self, size_bytes: int) -> Stretch:
        """The stretch of an object of this size. Raises `R2Refused` when there is none."""
        if self.header is not None:
            return _of_header(self.header, size_bytes) or Stretch(0, size_bytes)
        offset, length = self.offset or 0, self.length
        if self.suffix is not None:
            length = min(self.suffix, size_bytes)
            offset = size_bytes - length
            if self.suffix <= 0:
                raise invalid_range()
        elif offset > size_bytes:
            raise invalid_range()
        if length is None:
            length = size_bytes - offset
        if length <= 0:
            raise invalid_range()
        return Stretch(offset, min(length, size_bytes - offset))


def _of_header(header: str, size_bytes: int) -> Stretch | None:
    """The only range of a header; None, which is everything, when it is wrong or has several."""
    unit = _UNIT.match(header)
    if unit is None:
        return None
    found: list[Stretch] = []
    for text in header[unit.end() :].split(","):
        match = _RANGE.fullmatch(text)
        if match is None:
            return None
        first, last = match.groups()
        if first is None and last is None:
            return None
        if first is None:
            suffix = int(last)
            if suffix >= size_bytes:
                return None
            if suffix:
                found.append(Stretch(size_bytes - suffix, suffix))
            continue
        start, end = int(first), size_bytes - 1 if last is None else int(last)
        if start >= size_bytes or (last is not None and start > end):
            return None
        found.append(Stretch(start, min(end, size_bytes - 1) - start + 1))
    return found[0] if len(found) == 1 else None


def pieces(parts: Iterable[tuple[str, int]], wanted: Stretch) -> list[Piece]:
    """The stretches of blobs, given as id and size in their order, that hold the wanted bytes."""
    found = []
    start = 0
    for blob_id, size_bytes in parts:
        first = max(wanted.offset - start, 0)
        last = min(wanted.offset + wanted.length - start, size_bytes)
        if first < last:
            found.append(Piece(blob_id, first, last - first))
        start += size_bytes
    return found
