"""Which parts make an object when a multipart upload is completed.

Source: spec runtime.md section 12.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from edge.r2.logic.limits import PART_BYTES_MIN
from edge.r2.logic.refusal import bad_upload, internal_error, invalid_part, too_small


@dataclass(frozen=True, slots=True)
class Part:
    """An uploaded part."""

    number: int
    blob_id: str
    size_bytes: int
    etag: str
    md5: str


@dataclass(frozen=True, slots=True)
class ChosenPart:
    """A part as `complete` names it."""

    number: int
    etag: str


def choose(chosen: Sequence[ChosenPart], uploaded: Mapping[int, Part]) -> list[Part]:
    """The parts of the object, in the order of their numbers. Raises `R2Refused`.

    All but the last must have one size of at least 5 MiB, and the last must not be larger.
    """
    if len({part.number for part in chosen}) < len(chosen):
        raise internal_error()
    found = [_found(part, uploaded) for part in chosen]
    if any(part.size_bytes < PART_BYTES_MIN for part in found[:-1]):
        raise too_small()
    found.sort(key=lambda part: part.number)
    for part in found[:-1]:
        if part.size_bytes < PART_BYTES_MIN or part.size_bytes != found[0].size_bytes:
            raise bad_upload()
    if found and found[-1].size_bytes > found[0].size_bytes:
        raise bad_upload()
    return found


def _found(chosen: ChosenPart, uploaded: Mapping[int, Part]) -> Part:
    part = uploaded.get(chosen.number)
    if part is None or part.etag != chosen.etag:
        raise invalid_part()
    return part


def multipart_etag(parts: Iterable[Part]) -> str:
    """The MD5 of the parts' MD5s, and how many they are."""
    digests = [bytes.fromhex(part.md5) for part in parts]
    return f"{hashlib.md5(b''.join(digests), usedforsecurity=False).hexdigest()}-{len(digests)}"
