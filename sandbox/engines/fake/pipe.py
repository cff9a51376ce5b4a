"""Byte streams in memory, with backpressure."""

from __future__ import annotations

import asyncio

ROOM_BYTES = 65536


class Pipe:
    """One direction: who writes waits while more than `ROOM_BYTES` lie unread."""

    def __init__(self) -> None:
        self._chunks = bytearray()
        self._ended = False
        self._broken = False
        self._changed: asyncio.Future[None] | None = None

    @property
    def is_terminal(self) -> bool:
        """Whether a user sits at the other end."""
        return False

    def _wake(self) -> None:
        changed, self._changed = self._changed, None
        if changed is not None and not changed.done():
            changed.set_result(None)

    async def _wait(self) -> None:
        if self._changed is None or self._changed.done():
            self._changed = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._changed)

    async def read(self, limit: int = ROOM_BYTES) -> bytes:
        """What is there, at most `limit` bytes; b"" at the end."""
        while not self._chunks and not self._ended:
            await self._wait()
        data = bytes(self._chunks[:limit])
        del self._chunks[:limit]
        self._wake()
        return data

    async def write(self, data: bytes) -> None:
        """Raises BrokenPipeError when nobody reads any more, or the end was written."""
        view = memoryview(data)
        while view:
            if self._broken or self._ended:
                raise BrokenPipeError
            room = ROOM_BYTES - len(self._chunks)
            if room > 0:
                self._chunks += view[:room]
                view = view[room:]
                self._wake()
            else:
                await self._wait()

    def end(self) -> None:
        """Nothing more is written."""
        self._ended = True
        self._wake()

    def drop(self) -> None:
        """Nobody reads any more."""
        self._broken = self._ended = True
        self._chunks.clear()
        self._wake()


class PipeEnd:
    """A `Connection` over two pipes."""

    def __init__(self, incoming: Pipe, outgoing: Pipe) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self.closed = False

    async def read(self, limit: int = ROOM_BYTES) -> bytes:
        return await self._incoming.read(limit)

    async def write(self, data: bytes) -> None:
        await self._outgoing.write(data)

    async def write_eof(self) -> None:
        self._outgoing.end()

    async def close(self) -> None:
        self.closed = True
        self._outgoing.end()
        self._incoming.drop()

    def cut(self) -> None:
        """Both directions are over, whoever still uses them."""
        self._outgoing.drop()
        self._incoming.end()


def pair() -> tuple[PipeEnd, PipeEnd]:
    """The two ends of a connection."""
    there, back = Pipe(), Pipe()
    return PipeEnd(there, back), PipeEnd(back, there)


class Borrowed(Pipe):
    """A pipe lent to a program: its end is the program's own, not the pipe's."""

    def __init__(self, lent: Pipe) -> None:
        super().__init__()
        self._lent = lent

    @property
    def is_terminal(self) -> bool:
        return self._lent.is_terminal

    async def read(self, limit: int = ROOM_BYTES) -> bytes:
        return await self._lent.read(limit)

    async def write(self, data: bytes) -> None:
        await self._lent.write(data)

    def end(self) -> None: ...

    def drop(self) -> None: ...


class Filled(Pipe):
    """A pipe that holds all it will ever give."""

    def __init__(self, content: bytes = b"") -> None:
        super().__init__()
        self._chunks += content
        self._ended = True


class Discarding(Pipe):
    """/dev/null to write to."""

    async def write(self, data: bytes) -> None: ...


class Collecting(Pipe):
    """Keeps what is written, without bounds: for command substitution."""

    def __init__(self) -> None:
        super().__init__()
        self.content = bytearray()

    async def write(self, data: bytes) -> None:
        self.content += data
