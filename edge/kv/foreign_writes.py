"""Notices that another program wrote to a namespace, so that what is in memory is not believed any more.

A look costs one `stat` of the write-ahead log, at most every 50 ms. Only when the log changed SQLite is
asked whether it was somebody else (`PRAGMA data_version` of our one writing connection).
"""

from __future__ import annotations

import os
from pathlib import Path

from edge.kernel.clock import Clock
from edge.kv.database import Connection

_LOOK_EVERY_S = 0.05


class ForeignWrites:
    """Watches the file of one namespace."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._log = f"{path}-wal"
        self._clock = clock
        self._look_at_s = 0.0
        self._seen: tuple[int, int] | None = None
        self._version: int | None = None

    def suspects(self) -> bool:
        """Whether somebody wrote since the last look, be it ourselves."""
        now_s = self._clock.monotonic()
        if now_s < self._look_at_s:
            return False
        self._look_at_s = now_s + _LOOK_EVERY_S
        try:
            status = os.stat(self._log)
        except FileNotFoundError:
            return False
        now = (status.st_mtime_ns, status.st_size)
        changed, self._seen = now != self._seen, now
        return changed

    async def found(self, writer: Connection) -> bool:
        """Whether it was another program."""
        before = self._version
        for (version,) in await writer.execute_fetchall("PRAGMA data_version"):
            self._version = version
        return before is not None and before != self._version
