"""Which objects of a class have their files open: a process may only have so many.

Each open database takes three descriptors. When there are too many, those that were opened longest ago
and have nothing to do are closed; the next use opens them again. The objects stay in memory.
"""

from __future__ import annotations

from typing import Protocol

from edge.kernel.files import open_files_limit

#: A class gets a quarter of the descriptors; a database in WAL mode has three files.
_SHARE = 4 * 3
_LEAST = 16


class Holder(Protocol):
    """Has a file open."""

    def close_file(self) -> bool:
        """Close it, unless it is in use; whether it is closed now."""
        ...


class OpenFiles:
    """The open files of one class."""

    __slots__ = ("_holders", "limit")

    def __init__(self) -> None:
        self.limit = max(_LEAST, open_files_limit() // _SHARE)
        self._holders: dict[Holder, None] = {}  # in the order of opening

    def __len__(self) -> int:
        return len(self._holders)

    def opened(self, holder: Holder) -> None:
        """A file was opened; another one may have to make room for it."""
        if len(self._holders) >= self.limit:
            for other in self._holders:
                if other.close_file():
                    del self._holders[other]
                    break
        self._holders[holder] = None

    def closed(self, holder: Holder) -> None:
        """A file was closed otherwise."""
        self._holders.pop(holder, None)
