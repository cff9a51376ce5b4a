"""The output of a process: the latest of it is kept, and any number of readers follow it.

A reader that must miss nothing (the stream of `execStream`) holds the process back when it is slow, as a pipe
would; all others (log streams) lose what has left the log before they came to it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Literal, NamedTuple

from sandbox.server.reply import Stop

#: What is kept of the output of one process.
LOG_BYTES_MAX = 8 * 1024 * 1024
#: How far a reader that must miss nothing may lag behind before the process waits for it.
LAG_BYTES_MAX = 1024 * 1024
_ENTRY_OVERHEAD = 128

StreamName = Literal["stdout", "stderr"]


class Entry(NamedTuple):
    """A piece of output, and where it ends in all that was printed."""

    stream: StreamName
    data: bytes
    end: int


class Missed(NamedTuple):
    """That many bytes left the log before the reader came to them."""

    byte_count: int


class Reader:
    """How far somebody has read."""

    __slots__ = ("lossless", "next", "seen")

    def __init__(self, first: int, seen: int, lossless: bool) -> None:
        self.next = first  # the number of the entry it reads next
        self.seen = seen  # where the last one ended
        self.lossless = lossless


class Log:
    """Output in the order in which it came."""

    def __init__(self, limit_bytes: int = LOG_BYTES_MAX) -> None:
        self._limit = limit_bytes
        self._entries: deque[Entry] = deque()
        self._first = 0  # the number of the oldest entry
        self._kept = 0  # bytes, with overhead
        self._total = 0  # bytes ever written
        self._readers: list[Reader] = []
        self._changed: asyncio.Future[None] | None = None
        self._error: BaseException | None = None
        self.closed = False

    async def write(self, stream: StreamName, data: bytes) -> None:
        """Append; returns once every reader that must miss nothing has room for more."""
        self._total += len(data)
        self._entries.append(Entry(stream, data, self._total))
        self._kept += len(data) + _ENTRY_OVERHEAD
        while self._kept > self._limit and len(self._entries) > 1:
            self._kept -= len(self._entries.popleft().data) + _ENTRY_OVERHEAD
            self._first += 1
        self._tell()
        while any(reader.lossless and self._total - reader.seen > LAG_BYTES_MAX for reader in self._readers):
            await asyncio.shield(self._change())

    def close(self, error: BaseException | None = None) -> None:
        """Nothing more comes; readers get `error` after what is left."""
        self.closed = True
        self._error = error
        self._tell()

    def text(self, stream: StreamName) -> str:
        """What is kept of one of the two streams."""
        kept = b"".join(entry.data for entry in self._entries if entry.stream == stream)
        return kept.decode(errors="replace")

    def reader(self, *, lossless: bool = False) -> Reader:
        """A reader that begins with what is kept, to be given to `follow`."""
        start = self._entries[0].end - len(self._entries[0].data) if self._entries else self._total
        reader = Reader(self._first, start, lossless)
        self._readers.append(reader)
        return reader

    def forget(self, reader: Reader) -> None:
        """This reader reads no more, and holds nobody back."""
        if reader in self._readers:
            self._readers.remove(reader)
            self._tell()

    async def follow(self, reader: Reader, stop: Stop) -> AsyncIterator[Entry | Missed]:
        """What is kept, then what comes, until the log is closed or `stop` asked for."""
        try:
            while not stop:
                if (found := self._next(reader)) is not None:
                    yield found
                elif not self.closed:
                    await stop.until(self._change())
                elif self._error is not None:
                    raise self._error
                else:
                    return
        finally:
            self.forget(reader)

    def _next(self, reader: Reader) -> Entry | Missed | None:
        if reader.next < self._first:
            start = self._entries[0].end - len(self._entries[0].data)
            missed = Missed(start - reader.seen)
            reader.next, reader.seen = self._first, start
            return missed
        if reader.next >= self._first + len(self._entries):
            return None
        entry = self._entries[reader.next - self._first]
        reader.next += 1
        reader.seen = entry.end
        self._tell()
        return entry

    def _change(self) -> asyncio.Future[None]:
        """A future that settles at the next change."""
        if self._changed is None:
            self._changed = asyncio.get_running_loop().create_future()
        return self._changed

    def _tell(self) -> None:
        changed, self._changed = self._changed, None
        if changed is not None and not changed.done():
            changed.set_result(None)
