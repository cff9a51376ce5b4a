"""The range of keys that `list()` asks for, and the SQL that reads it.

Keys sort by their UTF-8 bytes. `start` is inclusive, `startAfter` exclusive, `end` exclusive; a prefix
cuts the range further. The limit counts from the side where the listing begins.

Source: spec durable-objects.md section 5.
"""

from __future__ import annotations

from dataclasses import dataclass

BOTH_STARTS = "list() cannot be called with both start and startAfter values."
LIMIT_NOT_POSITIVE = "List limit must be positive."


@dataclass(frozen=True, slots=True)
class KeyRange:
    """Which keys, in which order, how many."""

    start: str | None = None
    start_after: str | None = None
    end: str | None = None
    prefix: str | None = None
    reverse: bool = False
    limit: int | None = None

    def query(self) -> tuple[str, tuple[object, ...]]:
        """SQL over `_cf_KV` with its bindings."""
        conditions: list[tuple[str, object]] = []
        if self.start is not None:
            conditions.append(("key >= ?", self.start))
        if self.start_after is not None:
            conditions.append(("key > ?", self.start_after))
        if self.end is not None:
            conditions.append(("key < ?", self.end))
        if self.prefix:
            conditions.append(("key >= ?", self.prefix))
            following = after_prefix(self.prefix)
            if following is not None:
                conditions.append(("key < ?", following))
        sql = "SELECT key, value FROM _cf_KV"
        if conditions:
            sql += " WHERE " + " AND ".join(condition for condition, _ in conditions)
        sql += " ORDER BY key DESC" if self.reverse else " ORDER BY key"
        bindings = tuple(value for _, value in conditions)
        if self.limit is not None:
            assert self.limit > 0, "refused before: see LIMIT_NOT_POSITIVE"
            return sql + " LIMIT ?", (*bindings, self.limit)
        return sql, bindings


def after_prefix(prefix: str) -> str | None:
    """The least string that sorts after every string with `prefix`; None if there is none."""
    assert prefix, "every string has the empty prefix"
    for length in range(len(prefix), 0, -1):
        code = ord(prefix[length - 1])
        if code < 0x10FFFF:
            # Surrogates are no characters: the one after U+D7FF is U+E000. Code point order is UTF-8 order.
            following = 0xE000 if code == 0xD7FF else code + 1
            return prefix[: length - 1] + chr(following)
    return None
