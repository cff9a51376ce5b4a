"""Readers of a ReadableStream: default and bring-your-own-buffer."""

from __future__ import annotations

import asyncio
from typing import Any

from edge.http.buffers import buffer_bytes, uint8array
from edge.http.init import wrong_parameter
from edge.http.streams.readable import ReadableStream, js_chunk
from edge.http.streams.source import END
from edge.http.streams.writable import settle_future
from edge.js.errors import JsException, type_error
from edge.js.objects import JsObject
from edge.js.promise import JsPromise
from edge.js.proxy import JsProxy

_RELEASED = "This ReadableStream reader has been released."


class _Reader(JsProxy):
    __slots__ = ("_closed", "_stream")

    def __init__(self, stream: ReadableStream) -> None:
        stream._lock(self)
        self._stream: ReadableStream | None = stream
        self._closed: asyncio.Future[None] | None = None

    @classmethod
    def js_new(cls, stream: Any = None, *_: Any) -> _Reader:
        """`new ReadableStreamDefaultReader(stream)`."""
        if not isinstance(stream, ReadableStream):
            raise wrong_parameter(cls.js_name, 1, "ReadableStream")
        return cls(stream)

    def _attached(self) -> ReadableStream:
        if self._stream is None:
            raise type_error(_RELEASED)
        return self._stream

    @property
    def closed(self) -> JsPromise:
        """Settles when the stream ends, fails, or the reader is released."""
        if self._closed is None:
            self._closed = asyncio.get_running_loop().create_future()
            self._settle_closed()
        return JsPromise.of(self._closed)

    def _settle_closed(self) -> None:
        closed = self._closed
        if closed is None or closed.done():
            return
        stream = self._stream
        if stream is None:
            settle_future(closed, type_error(_RELEASED))
        elif stream._error is not None:
            settle_future(closed, stream._error)
        elif stream._closed:
            settle_future(closed, None)

    def cancel(self, reason: Any = None) -> JsPromise:
        return JsPromise.start(self._cancel(reason), name="reader.cancel")

    async def _cancel(self, reason: Any) -> None:
        await self._attached()._cancel(reason)
        self._settle_closed()

    def releaseLock(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream._reader = None
            self._settle_closed()


class ReadableStreamDefaultReader(_Reader, js_name="ReadableStreamDefaultReader"):
    """Gives one chunk a time."""

    __slots__ = ()

    def read(self) -> JsPromise:
        return JsPromise.start(self._read(), name="reader.read")

    async def _read(self) -> JsObject:
        try:
            chunk = await self._attached().pull()
        except JsException:
            self._settle_closed()
            raise
        if chunk is END:
            self._settle_closed()
            return JsObject({"value": None, "done": True})
        return JsObject({"value": js_chunk(chunk), "done": False})


class ReadableStreamBYOBReader(_Reader, js_name="ReadableStreamBYOBReader"):
    """Gives at most as many bytes as the caller's buffer holds; what is left waits for the next read."""

    __slots__ = ("_rest",)

    def __init__(self, stream: ReadableStream) -> None:
        super().__init__(stream)
        self._rest = b""

    def read(self, view: Any = None) -> JsPromise:
        return JsPromise.start(self._read(view, 1), name="reader.read")

    def readAtLeast(self, min_bytes: Any, view: Any = None) -> JsPromise:
        return JsPromise.start(self._read(view, int(min_bytes)), name="reader.readAtLeast")

    async def _read(self, view: Any, min_bytes: int) -> JsObject:
        room = buffer_bytes(view)
        if room is None:
            raise type_error(
                "Failed to execute 'read' on 'ReadableStreamBYOBReader': parameter 1 is not of type "
                "'ArrayBufferView'."
            )
        if not room:
            raise type_error(
                'You must call read() on a "byob" reader with a positive-sized TypedArray object.'
            )
        while len(self._rest) < min_bytes:
            chunk = await self._attached().pull()
            if chunk is END:
                break
            self._rest += buffer_bytes(chunk) or b"" if not isinstance(chunk, bytes) else chunk
        data, self._rest = self._rest[: len(room)], self._rest[len(room) :]
        self._settle_closed()
        return JsObject({"value": uint8array(data), "done": not data})
