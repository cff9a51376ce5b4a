"""Bodies of the ASGI adapter: what the application receives, and what it streams."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from edge.http.request import Request as JsRequest
from edge.http.streams.readable import ReadableStream
from edge.http.streams.source import END


class AppBody:
    """The source of a streamed response body: one chunk at a time, the application one chunk ahead."""

    __slots__ = ("_chunk", "_taken", "_there", "cancelled", "closed")

    def __init__(self) -> None:
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


async def request_messages(request: JsRequest, finished: asyncio.Future[None]) -> AsyncIterator[Any]:
    """The events of `receive()`: the body's chunks, an empty last one, and after the response a
    disconnect, as often as it is asked for."""
    payload = request.take_payload()
    if isinstance(payload, ReadableStream):
        async for chunk in payload.chunks():
            yield {"type": "http.request", "body": chunk, "more_body": True}
    elif payload:
        yield {"type": "http.request", "body": payload, "more_body": True}
    yield {"type": "http.request", "body": b"", "more_body": False}
    while True:
        # Shielded: an application that gives up waiting must not settle it for the others.
        await asyncio.shield(finished)
        yield {"type": "http.disconnect"}
