"""Requests, responses, bodies and sockets that take time to arrive.

A body is a pipe, not a store: each chunk leaves when the sender emits it and arrives one latency later, in
order, with many on their way at a time. The sender runs ahead of a slow reader by at most a window.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any, Final

from edge.http.request import Request
from edge.http.response import Response
from edge.http.streams.readable import ReadableStream
from edge.http.streams.source import END
from edge.http.websocket import WebSocket
from edge.js.errors import JsException
from edge.kernel.tasks import log_failure, spawn_outside
from edge.network.line import Line, Way

WINDOW_BYTES: Final = 1 << 20


async def exchange(way: Way, request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
    """Send `request` over `way`, let `answer` answer it there, and bring the response back."""
    leave(request, way)
    await way.there.crossing()
    try:
        response = await answer(request)
    except JsException:
        await way.back.crossing()
        raise
    return await come_back(response, way)


def leave(request: Request, way: Way) -> None:
    """The request goes over `way`, and the chunks of its body after it."""
    if isinstance(request._payload, ReadableStream):
        request._payload = far_stream(request._payload, way.there, way.back)


async def come_back(response: Response, way: Way) -> Response:
    """The response comes back over `way`, and after it its body or what its socket sends."""
    arrival = way.back.crossing()  # before anything of the body
    payload = response._payload
    if isinstance(payload, ReadableStream):
        response._payload = far_stream(payload, way.back, way.there)
    if response._web_socket is not None:
        move_end(response._web_socket, way)
    try:
        await arrival
    except BaseException:
        await discard(response)
        raise
    return response


async def discard(response: Response) -> None:
    """Nobody will read the response."""
    if isinstance(response._payload, ReadableStream):
        await response._payload._cancel(None)
    if response._web_socket is not None:
        response._web_socket._cut()


def move_end(end: WebSocket, way: Way) -> None:
    """`end` came back over `way`: what it sends goes there, what its peer sends comes back."""
    end._lines = (way.there, *end._lines)
    if end._peer is not None:
        end._peer._lines = (*end._peer._lines, way.back)


def far_stream(stream: ReadableStream, line: Line, back: Line) -> ReadableStream:
    """`stream` at the other end of `line`; a cancellation goes `back`."""
    return ReadableStream(_FarSource(stream, line, back), stream.length)


class _FarSource:
    """The far end of a line that carries chunks (`edge.http.streams.source.Source`)."""

    __slots__ = ("_arrived", "_back", "_line", "_outstanding_bytes", "_pump", "_room", "_waiting")

    def __init__(self, stream: ReadableStream, line: Line, back: Line) -> None:
        self._line = line
        self._back = back
        self._arrived: deque[Any] = deque()
        self._waiting: asyncio.Future[None] | None = None
        self._room: asyncio.Future[None] | None = None
        self._outstanding_bytes = 0
        self._pump = spawn_outside(self._send_all(stream), name="body on its way")
        self._pump.add_done_callback(log_failure)

    async def pull(self) -> Any:
        while not self._arrived:
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        chunk = self._arrived.popleft()
        if isinstance(chunk, BaseException):
            raise chunk
        if chunk is not END:
            self._outstanding_bytes -= len(chunk)
            _wake(self._room)
        return chunk

    async def cancel(self, reason: Any) -> None:
        self._back.send(self._stop, lambda _lost: self._stop())

    async def _send_all(self, stream: ReadableStream) -> None:
        try:
            async with aclosing(stream.chunks()) as chunks:  # type: ignore[type-var]
                async for chunk in chunks:
                    await self._send(chunk)
        except Exception as failure:
            self._post(failure)
        else:
            self._post(END)

    async def _send(self, chunk: bytes) -> None:
        while self._outstanding_bytes and self._outstanding_bytes + len(chunk) > WINDOW_BYTES:
            self._room = asyncio.get_running_loop().create_future()
            await self._room
        self._outstanding_bytes += len(chunk)
        self._post(chunk)

    def _post(self, item: Any) -> None:
        self._line.send(lambda: self._put(item), self._broke)

    def _put(self, item: Any) -> None:
        self._arrived.append(item)
        _wake(self._waiting)

    def _broke(self, reason: JsException) -> None:
        self._put(reason)
        self._stop()

    def _stop(self) -> None:
        self._pump.cancel()


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)
