"""ReadableStream and its readers.

Source: Streams standard; texts of workerd's streams.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, ClassVar

from edge.http.buffers import buffer_bytes, uint8array
from edge.http.init import member
from edge.http.streams.source import END, BytesSource, IteratorSource, Source, tee
from edge.js.arrays import JsArray
from edge.js.errors import JsException, type_error
from edge.js.functions import js_method
from edge.js.promise import JsPromise
from edge.js.proxy import JsProxy

if TYPE_CHECKING:
    from edge.http.streams.writable import WritableStream

LOCKED = "This ReadableStream is currently locked to a reader."
_DISTURBED = "This ReadableStream is disturbed (has already been read from), and cannot be used as a body."


class ReadableStream(JsProxy, js_name="ReadableStream"):
    """Chunks that are read one after the other, by one reader at a time."""

    __slots__ = ("_closed", "_ended", "_error", "_reader", "_source", "_turn", "disturbed", "length")

    def __init__(self, source: Source, length: int | None = None) -> None:
        self._source = source
        self._reader: object | None = None
        self._closed = False
        self._error: BaseException | None = None
        self._turn: asyncio.Lock | None = None
        self._ended: asyncio.Future[None] | None = None
        self.disturbed = False
        #: Bytes in all when that is known beforehand (then a Content-Length can be sent).
        self.length = length

    # -- native ---------------------------------------------------------------------------------

    @classmethod
    def from_chunks(cls, chunks: AsyncIterator[Any], length: int | None = None) -> ReadableStream:
        """A stream of what `chunks` yields (bytes, or JavaScript values)."""
        return cls(IteratorSource(chunks), length)

    @classmethod
    def from_bytes(cls, data: bytes, *, used: bool = False) -> ReadableStream:
        """A stream of one chunk that is at hand."""
        stream = cls(BytesSource(data), len(data))
        if used:
            stream.disturbed = stream._closed = True
        return stream

    async def chunks(self) -> AsyncIterator[bytes]:
        """Every chunk as bytes, each as soon as it is there. Locks the stream; leaving the loop early
        cancels it. Raises TypeError when it is locked or a chunk is not bytes."""
        self._lock(self)
        ended = False
        try:
            while (chunk := await self.pull()) is not END:
                yield chunk_bytes(chunk)
            ended = True
        finally:
            if not ended:
                await self._cancel(JsException("Error", "Network connection lost.", retryable=True))
            self._reader = None

    async def read_all(self) -> bytes:
        """All bytes joined, for text(), json() and their like."""
        parts = [chunk async for chunk in self.chunks()]
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def pull(self) -> Any:
        """The next chunk or END; readers queue in the order in which they asked."""
        self.disturbed = True
        if self._error is not None:
            raise self._error
        if self._closed:
            return END
        if self._turn is None:
            self._turn = asyncio.Lock()
        async with self._turn:
            return await self._pull_now()

    async def _pull_now(self) -> Any:
        if self._error is not None:
            raise self._error
        if self._closed:
            return END
        try:
            chunk = await self._source.pull()
        except Exception as error:
            self._error = error
            self._tell_end()
            raise
        if chunk is END:
            self._closed = True
            self._tell_end()
        return chunk

    def ended(self) -> asyncio.Future[None]:
        """A future that settles once the stream was read to its end, failed or was cancelled."""
        if self._ended is None:
            self._ended = asyncio.get_running_loop().create_future()
            if self._closed or self._error is not None:
                self._ended.set_result(None)
        return self._ended

    def _tell_end(self) -> None:
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(None)

    def branches(self) -> tuple[ReadableStream, ReadableStream]:
        """Two streams of the same chunks; this one is locked from then on."""
        self._lock(self)
        self.disturbed = True
        one, other = tee(_StreamSource(self))
        return ReadableStream(one, self.length), ReadableStream(other, self.length)

    def check_usable_as_body(self) -> None:
        """Raises TypeError when the stream was read from or is locked."""
        if self.disturbed:
            raise type_error(_DISTURBED)
        if self._reader is not None:
            raise type_error(LOCKED)

    def _lock(self, reader: object) -> None:
        if self._reader is not None:
            raise type_error(LOCKED)
        self._reader = reader

    async def _cancel(self, reason: Any) -> None:
        self.disturbed = True
        if self._error is not None:
            raise self._error
        if not self._closed:
            self._closed = True
            self._tell_end()
            await self._source.cancel(reason)

    # -- JavaScript -----------------------------------------------------------------------------

    @classmethod
    def js_new(cls, source: Any = None, strategy: Any = None, *_: Any) -> ReadableStream:
        """`new ReadableStream({start, pull, cancel}, {highWaterMark, size})`."""
        from edge.http.streams.controller import start_readable

        return start_readable(source, strategy)

    @staticmethod
    def from_(iterable: Any) -> ReadableStream:
        """`ReadableStream.from(iterable)`, synchronous or asynchronous."""
        return ReadableStream.from_chunks(_iterate(iterable))

    _js_statics: ClassVar[dict[str, Any]] = {"from": from_}

    @property
    def locked(self) -> bool:
        return self._reader is not None

    def cancel(self, reason: Any = None) -> JsPromise:
        if self._reader is not None:
            return JsPromise.rejected(type_error(LOCKED))
        return JsPromise.start(self._cancel(reason), name="stream.cancel")

    @js_method
    def getReader(self, options: Any = None) -> Any:
        from edge.http.streams.readers import ReadableStreamBYOBReader, ReadableStreamDefaultReader

        mode = member(options, "mode")
        if mode is not None and mode != "byob":
            raise type_error('mode must be undefined or "byob" in call to ReadableStream.getReader().')
        return (ReadableStreamDefaultReader if mode is None else ReadableStreamBYOBReader)(self)

    def tee(self) -> Any:
        return JsArray(list(self.branches()))

    @js_method
    def pipeTo(self, destination: WritableStream, options: Any = None) -> JsPromise:
        from edge.http.streams.pipe import pipe

        return pipe(self, destination, options)

    @js_method
    def pipeThrough(self, transform: Any, options: Any = None) -> ReadableStream:
        from edge.http.streams.pipe import pipe_through

        return pipe_through(self, transform, options)

    @js_method
    def values(self, options: Any = None) -> AsyncIterator[Any]:
        return self._values(bool(member(options, "preventCancel")))

    def __aiter__(self) -> AsyncIterator[Any]:
        return self._values(False)

    async def _values(self, prevent_cancel: bool) -> AsyncIterator[Any]:
        self._lock(self)
        ended = False
        try:
            while (chunk := await self.pull()) is not END:
                yield js_chunk(chunk)
            ended = True
        finally:
            self._reader = None
            if not ended and not prevent_cancel and self._error is None:
                await self._cancel(None)


class _StreamSource:
    """A stream as the source of another one."""

    __slots__ = ("_stream",)

    def __init__(self, stream: ReadableStream) -> None:
        self._stream = stream

    async def pull(self) -> Any:
        return await self._stream.pull()

    async def cancel(self, reason: Any) -> None:
        await self._stream._cancel(reason)


async def _iterate(iterable: Any) -> AsyncIterator[Any]:
    if hasattr(iterable, "__aiter__"):
        async for value in iterable:
            yield value
    else:
        for value in iterable:
            yield await value if hasattr(value, "__await__") else value


def chunk_bytes(chunk: Any) -> bytes:
    """A chunk as bytes. Raises TypeError when it is no buffer."""
    if isinstance(chunk, bytes):
        return chunk
    data = buffer_bytes(chunk)
    if data is None:
        raise type_error("This ReadableStream did not return bytes.")
    return data


def js_chunk(chunk: Any) -> Any:
    """A chunk as JavaScript sees it: bytes are a Uint8Array."""
    if isinstance(chunk, bytes):
        return uint8array(chunk)
    return chunk
