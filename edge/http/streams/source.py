"""Where the chunks of a ReadableStream come from.

A source is pulled: `pull()` gives the next chunk or END. Chunks are Python bytes, or any JavaScript
value for streams that user code fills.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Any, Final, Protocol


class _End:
    def __repr__(self) -> str:
        return "END"


END: Final = _End()


class Source(Protocol):
    """What a ReadableStream reads from."""

    async def pull(self) -> Any:
        """The next chunk, or END. An exception errors the stream."""
        ...

    async def cancel(self, reason: Any) -> None:
        """Nobody wants the rest."""
        ...


class BytesSource:
    """One chunk that is already there."""

    __slots__ = ("_data",)

    def __init__(self, data: bytes) -> None:
        self._data: bytes | None = data or None

    async def pull(self) -> Any:
        data, self._data = self._data, None
        return END if data is None else data

    async def cancel(self, reason: Any) -> None:
        self._data = None


class IteratorSource:
    """Chunks of an asynchronous iterator."""

    __slots__ = ("_cancelled", "_chunks", "_running")

    def __init__(self, chunks: AsyncIterator[Any]) -> None:
        self._chunks = chunks
        self._running = False
        self._cancelled = False

    async def pull(self) -> Any:
        self._running = True
        try:
            chunk = await anext(self._chunks, END)
        finally:
            self._running = False
        if self._cancelled:
            await self.cancel(None)
            return END
        return chunk

    async def cancel(self, reason: Any) -> None:
        """Close the iterator; one that is at work is closed when it comes back."""
        self._cancelled = True
        close = getattr(self._chunks, "aclose", None)
        if close is not None and not self._running:
            await close()


class TeeSource:
    """One of the two branches of a teed stream; whoever reads first reads for both."""

    __slots__ = ("_backlog", "_shared")

    def __init__(self, shared: _Shared) -> None:
        self._shared = shared
        self._backlog: deque[Any] = deque()
        shared.branches.append(self)

    async def pull(self) -> Any:
        async with self._shared.turn:
            if not self._backlog:
                await self._shared.read_one()
        return self._backlog.popleft() if self._backlog else END

    async def cancel(self, reason: Any) -> None:
        self._backlog.clear()
        await self._shared.leave(self, reason)


class _Shared:
    """The stream behind two branches."""

    __slots__ = ("_ended", "_source", "branches", "turn")

    def __init__(self, source: Source) -> None:
        self._source = source
        self._ended = False
        self.branches: list[TeeSource] = []
        self.turn = asyncio.Lock()

    async def read_one(self) -> None:
        if self._ended:
            return
        chunk = await self._source.pull()
        if chunk is END:
            self._ended = True
            return
        for branch in self.branches:
            branch._backlog.append(chunk)

    async def leave(self, branch: TeeSource, reason: Any) -> None:
        if branch in self.branches:
            self.branches.remove(branch)
            if not self.branches and not self._ended:
                self._ended = True
                await self._source.cancel(reason)


def tee(source: Source) -> tuple[Source, Source]:
    """Two sources that give the same chunks each; a slow one keeps a backlog."""
    shared = _Shared(source)
    return TeeSource(shared), TeeSource(shared)
