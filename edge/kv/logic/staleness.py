"""Which answers were old: what changed at the centre since a copy was made there.

Changes are counted, over all keys. A copy notes the count at which it was made; it is stale from the first
later change of its key on. Changes that no living copy can miss are forgotten.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

CHANGES_KEPT_MAX = 64  # of a key; a copy that missed more is at least as stale as the oldest kept says


@dataclass(frozen=True, slots=True)
class StaleRead:
    """A read that was answered with what was no longer true at the centre."""

    key: str
    place: str
    at_s: float  # when it was answered, seconds since the epoch
    stale_s: float  # how long the answer had been untrue
    age_s: float  # how old the copy was


class _Change(NamedTuple):
    number: int
    at_s: float


class Changes:
    """The changes at the centre, as far back as they matter."""

    def __init__(self) -> None:
        self.count = 0
        # By key, the key that changed last at the end.
        self._by_key: dict[str, deque[_Change]] = {}
        self._longest_ttl_s = 0.0

    def __len__(self) -> int:
        return len(self._by_key)

    def note_ttl(self, ttl_s: float) -> None:
        """Copies may live that long."""
        self._longest_ttl_s = max(self._longest_ttl_s, ttl_s)

    def changed(self, key: str, now_s: float) -> None:
        """`key` was written or removed at the centre."""
        self.count += 1
        changes = self._by_key.pop(key, None)
        if changes is None:
            changes = deque(maxlen=CHANGES_KEPT_MAX)
        changes.append(_Change(self.count, now_s))
        self._by_key[key] = changes
        self._drop_old(now_s)

    def stale_s(self, key: str, as_of: int, now_s: float) -> float | None:
        """How long a copy of `key`, made when the count was `as_of`, has been stale; None when it is not."""
        assert as_of <= self.count, "a copy of the future"
        for change in self._by_key.get(key, ()):
            if change.number > as_of:
                return now_s - change.at_s
        return None

    def _drop_old(self, now_s: float) -> None:
        while self._by_key:
            key = next(iter(self._by_key))
            # Twice: a copy may come from a second cache, and be under way for a while.
            if now_s - self._by_key[key][-1].at_s <= 2 * self._longest_ttl_s:
                break
            del self._by_key[key]
