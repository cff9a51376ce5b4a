"""Listing keys: the stretch of the key space a request asks for, and its page of the answer.

Keys are ordered by their UTF-8 bytes, which is the order of their code points and so of Python's own
string comparison. A prefix is therefore one contiguous stretch, from the prefix itself up to (not
including) its successor. A cursor is the base64 of the last key returned; the next page starts
strictly after it, whatever was written or deleted meanwhile.

Source: spec kv.md section 5; recordings `list_basic`, `list_paging`.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from edge.kv.logic.keys import check_length
from edge.kv.logic.refusal import KvRefused

LIST_KEYS_MAX = 1000

_BASE64_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
_URL_SAFE_TO_STANDARD = str.maketrans("-_", "+/")
_LAST_CODE_POINT = 0x10FFFF


@dataclass(frozen=True, slots=True)
class ListedKey:
    """One key of a list: its name, when it expires (ms since the epoch), its metadata as JSON text."""

    name: str
    expiration_ms: int | None = None
    metadata_json: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """The answer to one list request; without a cursor it is the last one."""

    keys: tuple[ListedKey, ...]
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """Part of the ordered key space: from `start`, which itself belongs to it or not, to before `end`."""

    start: str
    includes_start: bool
    end: str | None
    limit: int

    def __contains__(self, key: str) -> bool:
        if self.end is not None and key >= self.end:
            return False
        return key > self.start or (self.includes_start and key == self.start)


def plan(prefix: str, cursor: str | None, limit: int) -> Stretch:
    """The keys to read for a request; `limit` 0 or less means the default of 1,000.

    Raises `KvRefused`: 414 for a prefix of more than 512 bytes, 400 for a limit above 1,000.
    """
    limit = limit if limit > 0 else LIST_KEYS_MAX
    if limit > LIST_KEYS_MAX:
        # The text is off by one: 1,000 itself is allowed.
        raise KvRefused(
            400,
            f"Invalid key_count_limit of {limit}. Please specify an integer less than {LIST_KEYS_MAX}.",
        )
    check_length(prefix)
    after = decode_cursor(cursor) if cursor else ""
    # A cursor from before the prefix changes nothing: the prefix itself is the later start.
    if after >= prefix and after != "":
        return Stretch(after, False, successor(prefix), limit)
    return Stretch(prefix, True, successor(prefix), limit)


def page(rows: Sequence[ListedKey], limit: int) -> Page:
    """A page from up to `limit + 1` rows: one more than fits means that there is a next page."""
    assert 1 <= limit <= LIST_KEYS_MAX, limit
    assert len(rows) <= limit + 1, "the caller reads one row more than the page holds, not two"
    if len(rows) <= limit:
        return Page(tuple(rows))
    kept = tuple(rows[:limit])
    return Page(kept, encode_cursor(kept[-1].name))


def successor(prefix: str) -> str | None:
    """The first string after all that start with `prefix`; None when there is none."""
    while prefix:
        last = ord(prefix[-1])
        if last < _LAST_CODE_POINT:
            following = last + 1
            if 0xD800 <= following <= 0xDFFF:  # surrogates are not characters: skip their block
                following = 0xE000
            return prefix[:-1] + chr(following)
        prefix = prefix[:-1]
    return None


def encode_cursor(last_key: str) -> str:
    """The cursor that continues after `last_key`."""
    assert last_key, "keys are never empty"
    return base64.b64encode(last_key.encode()).decode()


def decode_cursor(cursor: str) -> str:
    """The key a cursor stands for. Never fails: what is not base64 is skipped, as the storage side
    does, and the listing then starts after whatever key that spells."""
    letters = cursor.partition("=")[0].translate(_URL_SAFE_TO_STANDARD)
    letters = "".join(letter for letter in letters if letter in _BASE64_LETTERS)
    if len(letters) % 4 == 1:  # six bits alone make no byte
        letters = letters[:-1]
    padded = letters + "=" * (-len(letters) % 4)
    return base64.b64decode(padded).decode(errors="replace")
