"""The streams of an attached program, taken apart: stdout and stderr of one connection, or a terminal.

What nobody reads waits here up to a limit; then the connection is not read any further, and the program stops
at its next write, as at a full pipe.
"""

from __future__ import annotations

import asyncio
import errno
import sys
from collections.abc import Callable

from edge.kernel.tasks import log_failure, spawn_outside
from sandbox.engines.docker.wire import Wire

_CHUNK = 65536
_WAITING_BYTES_MAX = 256 * 1024
_HEADER_BYTES = 8
_END_OF_TRANSMISSION = b"\x04"
STDOUT, STDERR = 1, 2


class Streams:
    """Reads a connection for as long as it lasts, into one buffer for each stream."""

    def __init__(self, wire: Wire, *, terminal: bool, on_end: Callable[[], None]) -> None:
        self.wire = wire
        self._terminal = terminal
        self.buffers = {number: Buffer() for number in (STDOUT, STDERR)}
        #: Whether it waits for somebody to read.
        self.stalled = False
        self._limit_bytes = _WAITING_BYTES_MAX
        self._on_end = on_end
        pump = spawn_outside(self._pump(), name="container streams")
        pump.add_done_callback(log_failure)

    async def _pump(self) -> None:
        try:
            if self._terminal:
                while data := await self.wire.reader.read(_CHUNK):
                    await self._give(STDOUT, data)
            else:
                await self._take_apart()
        except (OSError, asyncio.IncompleteReadError):
            return  # cut off: the end, like any other
        finally:
            self.wire.close()
            for buffer in self.buffers.values():
                buffer.end()
            self._on_end()

    async def _take_apart(self) -> None:
        reader = self.wire.reader
        while header := await reader.read(1):
            header += await reader.readexactly(_HEADER_BYTES - 1)
            left = int.from_bytes(header[4:], "big")
            while left:
                data = await reader.read(min(left, _CHUNK))
                if not data:
                    return
                left -= len(data)
                await self._give(STDERR if header[0] == STDERR else STDOUT, data)

    async def _give(self, number: int, data: bytes) -> None:
        buffer = self.buffers[number]
        buffer.put(data)
        while len(buffer) > self._limit_bytes:
            self.stalled = True
            await buffer.taken()
        self.stalled = False

    def take_all(self) -> None:
        """Read on whoever reads here: the program has ended, so that little more can come."""
        self._limit_bytes = sys.maxsize
        for buffer in self.buffers.values():
            buffer.wake()


class Buffer:
    """Bytes that wait to be read."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._ended = False
        self._closed = False
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        return len(self._data)

    def put(self, data: bytes) -> None:
        if not self._closed:
            self._data += data
            self._changed.set()

    def put_back(self, data: bytes) -> None:
        """What was read too far."""
        self._data[:0] = data

    def end(self) -> None:
        self._ended = True
        self._changed.set()

    def close(self) -> None:
        """Nobody will read any more: what still comes is dropped."""
        self._closed = True
        self._data.clear()
        self._changed.set()

    async def read(self, limit: int) -> bytes:
        """At least one byte; b"" at the end."""
        while not self._data and not self._ended and not self._closed:
            self._changed.clear()
            await self._changed.wait()
        data = bytes(self._data[:limit])
        del self._data[:limit]
        self._changed.set()
        return data

    async def taken(self) -> None:
        """Wait until something was read, or `wake` was called."""
        self._changed.clear()
        await self._changed.wait()

    def wake(self) -> None:
        """Let who waits look again."""
        self._changed.set()


class StreamEnd:
    """One stream of a program as a Connection (`edge.containers.engine`); stdin belongs to the first one."""

    def __init__(self, streams: Streams, number: int, *, stdin: bool, terminal: bool = False) -> None:
        self._streams = streams
        self._buffer = streams.buffers[number]
        self._writes = stdin
        self._terminal = terminal

    async def read(self, limit: int = 65536) -> bytes:
        return await self._buffer.read(limit)

    async def write(self, data: bytes) -> None:
        writer = self._streams.wire.writer
        if not self._writes or writer.is_closing():
            raise BrokenPipeError(errno.EPIPE, "nobody reads any more")
        writer.write(data)
        try:
            await writer.drain()
        except ConnectionError as error:
            raise BrokenPipeError(errno.EPIPE, "nobody reads any more") from error

    async def write_eof(self) -> None:
        writer = self._streams.wire.writer
        if not self._writes or writer.is_closing():
            return
        if self._terminal:
            await self.write(_END_OF_TRANSMISSION)
            return
        self._writes = False
        if writer.can_write_eof():
            writer.write_eof()

    async def close(self) -> None:
        await self.write_eof()
        self._buffer.close()
