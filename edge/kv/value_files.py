"""Values as files, where `wrangler dev` looks for them: one immutable file a value, named by its blob id.

A flush to the disk for each small value would cost more than all the rest of a write. So small values lie
twice: in a row of `_edge_values`, which the group's commit makes durable, and in a file that is written
before that commit without a flush of its own. What a power cut took of the files is written again when the
namespace is opened. Large values lie in their file only, flushed before the commit.

Source: spec wrangler.md sections 5.4 and 5.5: file first, then the row; the old file goes after the commit.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from edge.kernel.clock import Clock
from edge.kernel.threads import offload

#: Values up to here have a row as well.
ROW_BYTES_MAX = 64 * 1024


class ValueFiles:
    """The folder of a namespace's values."""

    def __init__(self, folder: Path, clock: Clock, *, durable: bool = True) -> None:
        self._folder = folder
        self._clock = clock
        self._durable = durable
        self._made = False

    async def write(self, values: Iterable[tuple[str, bytes]]) -> None:
        """Write new values. Raises OSError."""
        whole = list(values)
        await offload(self._clock, lambda: self._write_all(whole))

    async def read(self, blob_id: str) -> bytes | None:
        """A value; None when its file is missing. Raises OSError."""
        return await offload(self._clock, lambda: self._read(blob_id))

    async def remove(self, blob_ids: Iterable[str]) -> None:
        """Remove files of values that no row names any more. Raises OSError."""
        doomed = list(blob_ids)
        if doomed:
            await offload(self._clock, lambda: self._remove_all(doomed))

    def restore(self, connection: sqlite3.Connection) -> None:
        """Forget the rows of values that another program replaced, and write the files that are missing.
        Another process may be at work here: where nothing is to be done, it is not waited for."""
        if next(connection.execute(_HAS_ORPHANS))[0]:
            connection.execute(_FORGET_ORPHANS)
        known = {entry.name for entry in os.scandir(self._folder)} if self._folder.is_dir() else set()
        for blob_id, value in connection.execute("SELECT blob_id, value FROM _edge_values"):
            if blob_id not in known:
                with suppress(FileExistsError):  # written since `known` was read
                    self._write(blob_id, value)

    def _write_all(self, values: list[tuple[str, bytes]]) -> None:
        large = False
        for blob_id, value in values:
            self._write(blob_id, value)
            large = large or len(value) > ROW_BYTES_MAX
        if large and self._durable:
            _flush(self._folder)

    def _write(self, blob_id: str, value: bytes) -> None:
        if not self._made:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._made = True
        with open(self._folder / blob_id, "xb", buffering=0) as file:
            view = memoryview(value)
            while view:
                view = view[file.write(view) :]
            if len(value) > ROW_BYTES_MAX and self._durable:
                os.fsync(file.fileno())

    def _read(self, blob_id: str) -> bytes | None:
        try:
            return (self._folder / blob_id).read_bytes()
        except FileNotFoundError:
            return None

    def _remove_all(self, blob_ids: list[str]) -> None:
        for blob_id in blob_ids:
            (self._folder / blob_id).unlink(missing_ok=True)


_ORPHANS = "FROM _edge_values WHERE blob_id NOT IN (SELECT blob_id FROM _mf_entries)"
_HAS_ORPHANS = f"SELECT EXISTS (SELECT 1 {_ORPHANS})"
_FORGET_ORPHANS = f"DELETE {_ORPHANS}"


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
