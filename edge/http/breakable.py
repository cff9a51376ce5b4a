"""A response whose connection can break while its body is read."""

from __future__ import annotations

import asyncio
from typing import Any

from edge.http.response import Response
from edge.http.streams.readable import ReadableStream
from edge.js.errors import JsException
from edge.kernel.tasks import log_failure, spawn_outside


class Breakable:
    """Breaks off a response: a body under way fails, a socket is cut. What has arrived stays."""

    __slots__ = ("_response", "_source")

    def __init__(self, response: Response) -> None:
        self._response = response
        self._source: _BreakableSource | None = None
        payload = response._payload
        if isinstance(payload, ReadableStream):
            self._source = _BreakableSource(payload)
            response._payload = ReadableStream(self._source, payload.length)

    def break_off(self, reason: JsException) -> None:
        """The connection is gone: the reader gets `reason`, the sender is cancelled."""
        if self._source is not None:
            self._source.break_off(reason)
        if self._response._web_socket is not None:
            self._response._web_socket._cut()


class _BreakableSource:
    """Passes chunks on until it breaks (`edge.http.streams.source.Source`)."""

    __slots__ = ("_broken", "_pulling", "_stream")

    def __init__(self, stream: ReadableStream) -> None:
        self._stream = stream
        self._broken: JsException | None = None
        self._pulling: asyncio.Task[Any] | None = None

    async def pull(self) -> Any:
        if self._broken is not None:
            raise self._broken
        self._pulling = spawn_outside(self._stream.pull(), name="pull of a body that may break")
        try:
            return await self._pulling
        except asyncio.CancelledError:
            if self._broken is None:
                self._pulling.cancel()
                raise
            raise self._broken from None

    async def cancel(self, reason: Any) -> None:
        await self._stream._cancel(reason)

    def break_off(self, reason: JsException) -> None:
        self._broken = reason
        if self._pulling is not None:
            self._pulling.cancel()
        spawn_outside(self._stream._cancel(None), name="body nobody reads").add_done_callback(log_failure)
