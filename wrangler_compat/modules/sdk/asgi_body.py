"""Bodies of the ASGI adapter: what the application receives, and what it streams."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from edge.http.request import Request as JsRequest
from edge.http.streams.readable import ReadableStream
from edge.http.streams.source import END


class AppBody:
    """The source of a streamed response body: one chunk at a time, the application one chunk ahead.
    `on_cancel` is told when nobody reads any more."""

    __slots__ = ("_chunk", "_on_cancel", "_taken", "_there", "cancelled", "closed")

    def __init__(self, on_cancel: Callable[[], None] | None = None) -> None:
        self._on_cancel = on_cancel
        self._chunk: bytes | None = None
        self._there = asyncio.Event()
        self._taken = asyncio.Event()
        self.closed = False
        self.cancelled = False

    async def write(self, chunk: bytes) -> None:
        """Hand a chunk over once the one before is taken. Raises OSError when nobody reads any more."""
        while chunk and self._chunk is not None and not self.cancelled:
            self._taken.clear()
            await self._taken.wait()
        if self.cancelled:
            raise OSError("the client has gone")
        if chunk:
            self._chunk = chunk
            self._there.set()

    def close(self) -> None:
        self.closed = True
        self._there.set()

    async def pull(self) -> Any:
        while self._chunk is None:
            if self.closed:
                return END
            self._there.clear()
            await self._there.wait()
        chunk, self._chunk = self._chunk, None
        self._taken.set()
        return chunk

    async def cancel(self, reason: Any) -> None:
        self.cancelled = True
        self._taken.set()
        if self._on_cancel is not None:
            self._on_cancel()


class RequestBody:
    """`receive()`: the body's chunks, an empty last one, and after the response a disconnect, as often
    as it is asked for. No asynchronous generator: one that is not used up costs a task to clear away."""

    __slots__ = ("_chunks", "_ended", "_finished", "_payload")

    def __init__(self, request: JsRequest, finished: asyncio.Future[None]) -> None:
        self._payload = request.take_payload()
        self._finished = finished
        self._chunks: AsyncIterator[bytes] | None = None
        self._ended = False

    async def receive(self) -> dict[str, Any]:
        if self._ended:
            # Shielded: an application that gives up waiting must not settle it for the others.
            await asyncio.shield(self._finished)
            return {"type": "http.disconnect"}
        chunk = await self._next()
        self._ended = not chunk
        return {"type": "http.request", "body": chunk, "more_body": bool(chunk)}

    async def _next(self) -> bytes:
        """The next chunk; empty after the last."""
        payload = self._payload
        if not isinstance(payload, ReadableStream):
            self._payload = None
            return payload or b""
        if self._chunks is None:
            self._chunks = payload.chunks()
        async for chunk in self._chunks:
            if chunk:
                return chunk
        return b""
