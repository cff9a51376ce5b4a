"""User ids of this machine that stand for a sandbox's: a range each, belonging to nobody here."""

from __future__ import annotations

from sandbox.engines.process.inside.plan import UID_COUNT

#: Above what systems hand out (subordinate ids, systemd's containers), below 2**31.
_FIRST = 0x7000_0000
_RANGES = 4095
_APART = 64


class UserRanges:
    """Ranges of ids. Only root may use them; without it every sandbox's root is this user."""

    def __init__(self, available: bool, start: int) -> None:
        self.available = available
        # Two servers on one machine should not share users: they start at different places.
        self._next = start * _APART % _RANGES
        self._free: list[int] = []

    def take(self) -> int | None:
        """The first id of a range that no sandbox has now; None when there is but one user."""
        if not self.available:
            return None
        if self._free:
            return self._free.pop()
        self._next = (self._next + 1) % _RANGES
        return _FIRST + self._next * UID_COUNT

    def give_back(self, first: int | None) -> None:
        if first is not None:
            self._free.append(first)
