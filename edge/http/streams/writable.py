"""WritableStream and its writer.

Source: Streams standard; texts of workerd's streams.
"""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

from edge.http.init import wrong_parameter
from edge.js.borrowed import opaque
from edge.js.errors import JsException, type_error
from edge.js.promise import JsPromise
from edge.js.proxy import JsProxy

_LOCKED = "This WritableStream is currently locked to a writer."
_CLOSED = "This WritableStream has been closed."
_RELEASED = "This WritableStream writer has been released."


class Sink(Protocol):
    """What a WritableStream writes to."""

    async def write(self, chunk: Any) -> None:
        """Take one chunk; returning late is how a sink holds the writer back."""
        ...

    async def close(self) -> None: ...

    async def abort(self, reason: Any) -> None: ...


class WritableStream(JsProxy, js_name="WritableStream"):
    """Chunks handed to a sink one after the other."""

    __slots__ = ("_closing", "_error", "_high_water_mark", "_idle", "_pending", "_sink", "_turn", "_writer")

    def __init__(self, sink: Sink, high_water_mark: float = 1) -> None:
        self._sink = sink
        self._high_water_mark = high_water_mark
        self._writer: object | None = None
        self._closing = False
        self._error: BaseException | None = None
        self._pending = 0
        self._turn = asyncio.Lock()
        self._idle: asyncio.Future[None] | None = None

    @classmethod
    def js_new(cls, sink: Any = None, strategy: Any = None, *_: Any) -> WritableStream:
        """`new WritableStream({start, write, close, abort}, {highWaterMark})`."""
        from edge.http.streams.controller import start_writable

        return start_writable(sink, strategy)

    # -- native ---------------------------------------------------------------------------------

    async def write(self, chunk: Any) -> None:
        """Hand over one chunk; returns when the sink took it. Raises when the stream ended."""
        self._check_open()
        self._pending += 1
        try:
            async with self._turn:
                if self._error is not None:
                    raise self._error
                await self._guarded(self._sink.write(chunk))
        finally:
            self._pending -= 1
            self._wake()

    async def finish(self) -> None:
        """Close after all writes. Raises when the stream was closed before or failed."""
        self._check_open()
        self._closing = True
        async with self._turn:
            if self._error is not None:
                raise self._error
            await self._guarded(self._sink.close())

    async def fail(self, reason: Any) -> None:
        """Give up: writes that wait fail with `reason`."""
        if self._error is not None or self._closing:
            return
        self._error = reason if isinstance(reason, BaseException) else _as_error(reason)
        self._wake()
        await self._sink.abort(reason)

    async def _guarded(self, step: Any) -> None:
        try:
            await step
        except Exception as error:
            self._error = error
            raise

    def _check_open(self) -> None:
        if self._error is not None:
            raise self._error
        if self._closing:
            raise type_error(_CLOSED)

    @property
    def _desired(self) -> float:
        return self._high_water_mark - self._pending

    def _ready(self) -> asyncio.Future[None] | None:
        """None when another chunk may come, else a future for that moment."""
        if self._error is not None or self._desired > 0:
            return None
        if self._idle is None or self._idle.done():
            self._idle = asyncio.get_running_loop().create_future()
        return self._idle

    def _wake(self) -> None:
        if self._idle is not None and not self._idle.done() and self._ready() is None:
            self._idle.set_result(None)

    def _lock(self, writer: object) -> None:
        if self._writer is not None:
            raise type_error(_LOCKED)
        self._writer = writer

    # -- JavaScript -----------------------------------------------------------------------------

    @property
    def locked(self) -> bool:
        return self._writer is not None

    def getWriter(self) -> WritableStreamDefaultWriter:
        return WritableStreamDefaultWriter(self)

    def close(self) -> JsPromise:
        if self._writer is not None:
            return JsPromise.rejected(type_error(_LOCKED))
        return JsPromise.start(self.finish(), name="writable.close")

    def abort(self, reason: Any = None) -> JsPromise:
        if self._writer is not None:
            return JsPromise.rejected(type_error(_LOCKED))
        return JsPromise.start(self.fail(reason), name="writable.abort")


class WritableStreamDefaultWriter(JsProxy, js_name="WritableStreamDefaultWriter"):
    """The one who writes to a WritableStream."""

    __slots__ = ("_closed", "_outcome", "_stream")

    def __init__(self, stream: WritableStream) -> None:
        stream._lock(self)
        self._stream: WritableStream | None = stream
        self._closed: asyncio.Future[None] | None = None
        self._outcome: BaseException | None | bool = False  # False until it is known

    @classmethod
    def js_new(cls, stream: Any = None, *_: Any) -> WritableStreamDefaultWriter:
        """`new WritableStreamDefaultWriter(stream)`."""
        if not isinstance(stream, WritableStream):
            raise wrong_parameter(cls.js_name, 1, "WritableStream")
        return cls(stream)

    def _attached(self) -> WritableStream:
        if self._stream is None:
            raise type_error(_RELEASED)
        return self._stream

    def write(self, chunk: Any = None) -> JsPromise:
        return JsPromise.start(self._write(opaque(chunk)), name="writer.write")

    async def _write(self, chunk: Any) -> None:
        stream = self._attached()
        try:
            await stream.write(chunk)
        except Exception as error:
            if stream._error is error:
                self._settle(error)
            raise

    def close(self) -> JsPromise:
        return JsPromise.start(self._close(), name="writer.close")

    async def _close(self) -> None:
        try:
            await self._attached().finish()
        except Exception as error:
            self._settle(error)
            raise
        self._settle(None)

    def abort(self, reason: Any = None) -> JsPromise:
        return JsPromise.start(self._abort(reason), name="writer.abort")

    async def _abort(self, reason: Any) -> None:
        stream = self._attached()
        await stream.fail(reason)
        self._settle(stream._error)

    def releaseLock(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream._writer = None
            self._settle(type_error(_RELEASED))

    def _settle(self, error: BaseException | None) -> None:
        if self._outcome is False:
            self._outcome = error
            if self._closed is not None:
                settle_future(self._closed, error)

    @property
    def closed(self) -> JsPromise:
        """Settles when the stream is closed, fails, or the writer is released."""
        if self._closed is None:
            self._closed = asyncio.get_running_loop().create_future()
            if not isinstance(self._outcome, bool):
                settle_future(self._closed, self._outcome)
        return JsPromise.of(self._closed)

    @property
    def ready(self) -> JsPromise:
        stream = self._attached()
        if stream._error is not None:
            return JsPromise.rejected(stream._error)
        wait = stream._ready()
        return JsPromise.resolved() if wait is None else JsPromise.of(wait)

    @property
    def desiredSize(self) -> Any:
        from edge.js.proxy import jsnull

        stream = self._attached()
        if stream._error is not None:
            return jsnull
        return 0 if stream._closing else stream._desired


def _as_error(reason: Any) -> BaseException:
    from edge.js.webidl import to_string

    return JsException("Error", to_string(reason))


def settle_future(future: asyncio.Future[None], error: BaseException | None) -> None:
    """Settle a promise that nobody has to look at."""
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)
        future.exception()
