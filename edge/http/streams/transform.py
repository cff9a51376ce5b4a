"""TransformStream, IdentityTransformStream and FixedLengthStream.

Without a transformer a chunk goes straight from writer to reader: a write is done when it was read.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from edge.http.buffers import buffer_bytes
from edge.http.init import given, member
from edge.http.streams.controller import ReadableStreamDefaultController, as_exception
from edge.http.streams.readable import ReadableStream
from edge.http.streams.source import END
from edge.http.streams.writable import WritableStream
from edge.js.errors import type_error
from edge.js.promise import settle
from edge.js.proxy import JsProxy
from edge.js.webidl import to_number

_NOT_BYTES = "This TransformStream is being used as a byte stream, but received {}"
_A_STRING = (
    "a string on its writable side. If you wish to write a string, you'll probably want to explicitly "
    "UTF-8-encode it with TextEncoder."
)
_AN_OBJECT = "an object of non-ArrayBuffer/ArrayBufferView type on its writable side."


class Handover:
    """Source and sink in one: passes each chunk from the writer to the reader, storing nothing."""

    __slots__ = ("_ended", "_error", "_reader", "_writers")

    def __init__(self) -> None:
        self._writers: deque[tuple[Any, asyncio.Future[None]]] = deque()
        self._reader: asyncio.Future[Any] | None = None
        self._ended = False
        self._error: BaseException | None = None

    async def write(self, chunk: Any) -> None:
        if self._error is not None:
            raise self._error
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(chunk)
            return
        taken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._writers.append((chunk, taken))
        await taken

    async def pull(self) -> Any:
        if self._writers:
            chunk, taken = self._writers.popleft()
            if not taken.done():
                taken.set_result(None)
            return chunk
        if self._error is not None:
            raise self._error
        if self._ended:
            return END
        self._reader = asyncio.get_running_loop().create_future()
        return await self._reader

    async def close(self) -> None:
        self._ended = True
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(END)

    async def abort(self, reason: Any) -> None:
        self._fail(as_exception(reason))
        if self._reader is not None and not self._reader.done():
            self._reader.set_exception(as_exception(reason))

    async def cancel(self, reason: Any) -> None:
        self._fail(as_exception(reason))
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(END)

    def _fail(self, error: BaseException) -> None:
        self._error = error
        while self._writers:
            _, taken = self._writers.popleft()
            if not taken.done():
                taken.set_exception(error)


class _Bytes(Handover):
    """A hand-over of bytes only, optionally of an exact number of them."""

    __slots__ = ("_left",)

    def __init__(self, length: int | None = None) -> None:
        super().__init__()
        self._left = length

    async def write(self, chunk: Any) -> None:
        data = chunk if isinstance(chunk, bytes) else buffer_bytes(chunk)
        if data is None:
            raise type_error(_NOT_BYTES.format(_A_STRING if isinstance(chunk, str) else _AN_OBJECT))
        if self._left is not None:
            if len(data) > self._left:
                raise type_error("Attempt to write too many bytes through a FixedLengthStream.")
            self._left -= len(data)
        if data:
            await super().write(data)

    async def close(self) -> None:
        if self._left:
            error = type_error("FixedLengthStream did not see all expected bytes before close().")
            await self.abort(error)
            raise error
        await super().close()


class TransformStream(JsProxy, js_name="TransformStream"):
    """A writable and a readable side."""

    __slots__ = ("readable", "writable")

    def __init__(self, readable: ReadableStream, writable: WritableStream) -> None:
        self.readable = readable
        self.writable = writable

    @classmethod
    def js_new(
        cls, transformer: Any = None, writable_strategy: Any = None, readable_strategy: Any = None, *_: Any
    ) -> TransformStream:
        """`new TransformStream({start, transform, flush, cancel}, writableStrategy, readableStrategy)`."""
        mark = member(writable_strategy, "highWaterMark")
        write_mark = to_number(mark) if given(mark) else 1
        if not given(transformer) and not given(readable_strategy):
            handover = Handover()
            return cls(ReadableStream(handover), WritableStream(handover, write_mark))
        controller = TransformStreamDefaultController(transformer, readable_strategy)
        stream = cls(
            ReadableStream(controller), WritableStream(_Transformer(controller, transformer), write_mark)
        )
        if (start := member(transformer, "start")) is not None:
            start(controller)
        return stream


class IdentityTransformStream(TransformStream, js_name="IdentityTransformStream"):
    """Passes bytes through unchanged."""

    __slots__ = ()

    @classmethod
    def js_new(cls, *_: Any) -> IdentityTransformStream:
        handover = _Bytes()
        return cls(ReadableStream(handover), WritableStream(handover))


class FixedLengthStream(IdentityTransformStream, js_name="FixedLengthStream"):
    """Passes exactly so many bytes through; a response with it has a Content-Length."""

    __slots__ = ()

    @classmethod
    def js_new(cls, length: Any = None, *_: Any) -> FixedLengthStream:
        size = to_number(length)
        if not (size >= 0 and size == int(size)):
            raise type_error("FixedLengthStream requires an integer expected length less than 2^53.")
        handover = _Bytes(int(size))
        return cls(ReadableStream(handover, int(size)), WritableStream(handover))


class TransformStreamDefaultController(
    ReadableStreamDefaultController, js_name="TransformStreamDefaultController"
):
    """What a transformer enqueues to."""

    def __init__(self, transformer: Any, strategy: Any) -> None:
        super().__init__(None, strategy, 0)
        self._cancel = member(transformer, "cancel")

    def terminate(self) -> None:
        self.close()


class _Transformer:
    """The sink that runs the callbacks of a transformer."""

    def __init__(self, controller: TransformStreamDefaultController, transformer: Any) -> None:
        self._controller = controller
        self._transform = member(transformer, "transform")
        self._flush = member(transformer, "flush")

    async def write(self, chunk: Any) -> None:
        await self._controller.wanted()
        if self._controller._error is not None:
            raise self._controller._error
        if self._transform is None:
            self._controller._enqueue(chunk)
        else:
            await self._guarded(lambda: self._transform(chunk, self._controller))

    async def close(self) -> None:
        if self._flush is not None:
            await self._guarded(lambda: self._flush(self._controller))
        if not self._controller._closed:
            self._controller.close()

    async def abort(self, reason: Any) -> None:
        self._controller.error(reason)

    async def _guarded(self, step: Any) -> None:
        try:
            await settle(step())
        except Exception as error:
            self._controller.error(error)
            raise
