"""Streams that user code fills or empties: `new ReadableStream({…})`, `new WritableStream({…})`."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from edge.http.abort import AbortSignal
from edge.http.init import given, member
from edge.http.streams.readable import ReadableStream
from edge.http.streams.source import END
from edge.http.streams.writable import WritableStream
from edge.js.borrowed import opaque
from edge.js.errors import JsException, type_error
from edge.js.promise import JsPromise, settle
from edge.js.proxy import JsProxy, jsnull
from edge.js.webidl import to_number, to_string


class ReadableStreamDefaultController(JsProxy, js_name="ReadableStreamDefaultController"):
    """A queue that user code fills; also the source that the stream reads."""

    def __init__(self, underlying: Any, strategy: Any, default_mark: float = 1) -> None:
        mark = member(strategy, "highWaterMark")
        self._high_water_mark = to_number(mark) if given(mark) else default_mark
        self._size = member(strategy, "size")
        self._pull = member(underlying, "pull")
        self._cancel = member(underlying, "cancel")
        self._queue: deque[tuple[Any, float]] = deque()
        self._queued = 0.0
        self._closed = False
        self._error: BaseException | None = None
        self._arrived: asyncio.Future[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._pulling = False
        self._pull_again = False
        self._reading = False

    # -- JavaScript -----------------------------------------------------------------------------

    @property
    def desiredSize(self) -> Any:
        if self._error is not None:
            return jsnull
        return 0 if self._closed else _number(self._high_water_mark - self._queued)

    @property
    def byobRequest(self) -> Any:
        return jsnull

    def enqueue(self, chunk: Any = None) -> None:
        self._enqueue(opaque(chunk))

    def _enqueue(self, chunk: Any) -> None:
        if self._closed or self._error is not None:
            raise type_error("Unable to enqueue")
        size = 1.0 if self._size is None else to_number(self._size(chunk))
        self._queue.append((chunk, size))
        self._queued += size
        self._wake()

    def close(self) -> None:
        if self._closed or self._error is not None:
            raise type_error("The stream has already been closed.")
        self._closed = True
        self._wake()

    def error(self, reason: Any = None) -> None:
        if self._error is None and not (self._closed and not self._queue):
            self._error = as_exception(reason)
            self._queue.clear()
            self._wake()

    # -- native ---------------------------------------------------------------------------------

    async def pull(self) -> Any:
        """The next chunk, asking user code for more when the queue is empty."""
        self._reading = True
        self._let_write()
        try:
            while not self._queue:
                if self._error is not None:
                    raise self._error
                if self._closed:
                    return END
                await self._ask_for_more()
        finally:
            self._reading = False
        chunk, size = self._queue.popleft()
        self._queued -= size
        self._let_write()
        return chunk

    async def _ask_for_more(self) -> None:
        if self._pull is not None:
            if self._pulling:
                self._pull_again = True
            else:
                self._pulling = True
                JsPromise.start(self._run_pull(self._pull), name="stream.pull")
        if not (self._queue or self._closed or self._error is not None):
            self._arrived = asyncio.get_running_loop().create_future()
            await self._arrived

    async def _run_pull(self, pull: Any) -> None:
        """Call user code once; a read that came meanwhile makes the reader ask again."""
        try:
            await settle(pull(self))
        except Exception as reason:
            self.error(reason)
        self._pulling = False
        if self._pull_again:
            self._pull_again = False
            self._wake()

    async def cancel(self, reason: Any) -> None:
        self._queue.clear()
        self._closed = True
        self._let_write()
        self._wake()
        if self._cancel is not None:
            await settle(self._cancel(reason))

    async def wanted(self) -> None:
        """Wait until the reader wants more (the backpressure of a transform)."""
        while not (self._reading or self._queued < self._high_water_mark or self._closed or self._error):
            if self._drained is None or self._drained.done():
                self._drained = asyncio.get_running_loop().create_future()
            await self._drained

    def _let_write(self) -> None:
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)

    def _wake(self) -> None:
        if self._arrived is not None and not self._arrived.done():
            self._arrived.set_result(None)


class ReadableByteStreamController(ReadableStreamDefaultController, js_name="ReadableByteStreamController"):
    """The controller of a stream of `type: "bytes"`."""


def start_readable(underlying: Any, strategy: Any) -> ReadableStream:
    """A stream of what the callbacks of `underlying` enqueue."""
    kind = member(underlying, "type")
    if kind not in (None, "bytes", ""):
        raise type_error(f"ReadableStream type {to_string(kind)} is not supported.")
    if kind == "bytes":
        controller: ReadableStreamDefaultController = ReadableByteStreamController(underlying, strategy, 0)
    else:
        controller = ReadableStreamDefaultController(underlying, strategy)
    if (start := member(underlying, "start")) is not None:
        started = start(controller)
        if hasattr(started, "__await__"):
            JsPromise.start(_report_start(started, controller), name="stream.start")
    return ReadableStream(controller)


async def _report_start(started: Any, controller: ReadableStreamDefaultController) -> None:
    try:
        await started
    except Exception as reason:
        controller.error(reason)


class WritableStreamDefaultController(JsProxy, js_name="WritableStreamDefaultController"):
    """Lets the callbacks of a writable stream fail it; also the sink that the stream writes to."""

    def __init__(self, underlying: Any) -> None:
        self._write = member(underlying, "write")
        self._close = member(underlying, "close")
        self._abort = member(underlying, "abort")
        self._started: JsPromise | None = None
        self._stream: WritableStream | None = None
        self.signal = AbortSignal()

    def error(self, reason: Any = None) -> None:
        if self._stream is not None and self._stream._error is None:
            self._stream._error = as_exception(reason)

    async def write(self, chunk: Any) -> None:
        await self._after_start()
        if self._write is not None:
            await settle(self._write(chunk, self))

    async def close(self) -> None:
        await self._after_start()
        if self._close is not None:
            await settle(self._close())

    async def abort(self, reason: Any) -> None:
        self.signal.trigger(reason)
        if self._abort is not None:
            await settle(self._abort(reason))

    async def _after_start(self) -> None:
        if self._started is not None:
            await self._started


def start_writable(underlying: Any, strategy: Any) -> WritableStream:
    """A stream that hands its chunks to the callbacks of `underlying`."""
    controller = WritableStreamDefaultController(underlying)
    mark = member(strategy, "highWaterMark")
    stream = WritableStream(controller, to_number(mark) if given(mark) else 1)
    controller._stream = stream
    if (start := member(underlying, "start")) is not None:
        started = start(controller)
        if hasattr(started, "__await__"):
            controller._started = JsPromise.start(settle(started), name="writable.start")
    return stream


def as_exception(reason: Any) -> BaseException:
    """A reason given by JavaScript as something Python can raise."""
    return reason if isinstance(reason, BaseException) else JsException("Error", to_string(reason))


def _number(value: float) -> float:
    return int(value) if value.is_integer() else value
