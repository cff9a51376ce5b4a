"""Answers of the API: JSON, and streams of server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

from edge.containers.engine import ContainerGone
from edge.http.headers import Headers
from edge.http.response import Response
from edge.http.streams.readable import ReadableStream
from edge.http.streams.source import IteratorSource
from edge.js.errors import JsException
from edge.kernel.clock import Clock
from sandbox.server.json_body import written

CONNECTION_LOST = "Network connection lost."


def iso(epoch_ms: float) -> str:
    """A moment as JavaScript's `toISOString()` writes it."""
    moment = datetime.fromtimestamp(epoch_ms / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def json_response(value: Any, status: int = 200) -> Response:
    return Response.make(written(value), status, headers=Headers([("content-type", "application/json")]))


class Stop:
    """Says that nobody wants the rest of a stream, and wakes whoever waits for more of it."""

    def __init__(self) -> None:
        self._asked = False
        self._then: Callable[[], None] | None = None
        self._waiting: asyncio.Future[None] | None = None

    def __bool__(self) -> bool:
        return self._asked

    def ask(self) -> None:
        if not self._asked:
            self._asked = True
            if self._then is not None:
                self._then()
            self._wake()

    def when_asked(self, then: Callable[[], None]) -> None:
        """Call this once the stop is asked for, also when nobody ever began to read."""
        self._then = then

    def _wake(self, _: object = None) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    async def until(self, other: asyncio.Future[None]) -> None:
        """Wait for `other`, or until the stop is asked for."""
        if self._asked or other.done():
            return
        self._waiting = asyncio.get_running_loop().create_future()
        other.add_done_callback(self._wake)
        try:
            await self._waiting
        finally:
            other.remove_done_callback(self._wake)

    async def sleep(self, clock: Clock, delay_s: float) -> None:
        """Sleep, at most until the stop is asked for."""
        due: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        timer = clock.call_at(clock.now() + delay_s, lambda: None if due.done() else due.set_result(None))
        try:
            await self.until(due)
        finally:
            timer.cancel()


class _Stoppable(IteratorSource):
    """A source whose iterator waits for things that may never come: cancelling wakes it."""

    def __init__(self, chunks: AsyncIterator[bytes], stop: Stop) -> None:
        super().__init__(chunks)
        self._stop = stop

    async def cancel(self, reason: Any) -> None:
        self._stop.ask()
        await super().cancel(reason)


def event_stream(events: AsyncIterator[dict[str, Any]], stop: Stop) -> Response:
    """A response of server-sent events, each one JSON. The iterator ends soon after `stop` is asked for."""
    headers = Headers([("content-type", "text/event-stream"), ("cache-control", "no-cache")])
    return Response.make(ReadableStream(_Stoppable(_lines(events), stop)), headers=headers)


async def _lines(events: AsyncIterator[dict[str, Any]]) -> AsyncIterator[bytes]:
    try:
        async for event in events:
            yield b"data: " + written(event) + b"\n\n"
    except ContainerGone as gone:
        raise JsException("Error", CONNECTION_LOST, retryable=True) from gone


def byte_stream(chunks: AsyncIterator[bytes], headers: list[tuple[str, str]]) -> Response:
    """A response of plain bytes as they come."""
    return Response.make(ReadableStream.from_chunks(_guarded(chunks)), headers=Headers(headers))


async def _guarded(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    try:
        async for chunk in chunks:
            yield chunk
    except ContainerGone as gone:
        raise JsException("Error", CONNECTION_LOST, retryable=True) from gone
