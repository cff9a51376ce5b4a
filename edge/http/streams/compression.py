"""CompressionStream and DecompressionStream over zlib."""

from __future__ import annotations

import zlib
from typing import Any, Protocol

from edge.http.streams.readable import ReadableStream, chunk_bytes
from edge.http.streams.transform import TransformStream, TransformStreamDefaultController
from edge.http.streams.writable import WritableStream
from edge.js.errors import type_error

_WINDOW = {"gzip": 31, "deflate": 15, "deflate-raw": -15}


class _Codec(Protocol):
    def feed(self, data: bytes) -> bytes: ...

    def end(self) -> bytes: ...


class _Deflate:
    def __init__(self, window: int) -> None:
        self._zlib = zlib.compressobj(wbits=window)

    def feed(self, data: bytes) -> bytes:
        return self._zlib.compress(data)

    def end(self) -> bytes:
        return self._zlib.flush()


class _Inflate:
    def __init__(self, window: int) -> None:
        self._zlib = zlib.decompressobj(wbits=window)

    def feed(self, data: bytes) -> bytes:
        if self._zlib.eof:
            raise type_error("Trailing bytes after end of compressed data")
        try:
            output = self._zlib.decompress(data)
        except zlib.error:
            raise type_error("Decompression failed.") from None
        if self._zlib.unused_data:
            raise type_error("Trailing bytes after end of compressed data")
        return output

    def end(self) -> bytes:
        if not self._zlib.eof:
            raise type_error("Called close() on a decompression stream with incomplete data")
        return b""


class _CodecSink:
    """Runs chunks through a codec; what comes out waits for the reader."""

    def __init__(self, codec: _Codec, controller: TransformStreamDefaultController) -> None:
        self._codec = codec
        self._controller = controller

    async def write(self, chunk: Any) -> None:
        await self._controller.wanted()
        self._emit(lambda: self._codec.feed(chunk_bytes(chunk)))

    async def close(self) -> None:
        self._emit(self._codec.end)
        self._controller.close()

    async def abort(self, reason: Any) -> None:
        self._controller.error(reason)

    def _emit(self, step: Any) -> None:
        try:
            output = step()
        except Exception as error:
            self._controller.error(error)
            raise
        if output:
            self._controller._enqueue(output)


def _window(format: Any) -> int:
    window = _WINDOW.get(format) if isinstance(format, str) else None
    if window is None:
        raise type_error("The compression format must be either 'deflate', 'deflate-raw' or 'gzip'.")
    return window


class CompressionStream(TransformStream, js_name="CompressionStream"):
    """Compresses what is written to it."""

    __slots__ = ()

    @classmethod
    def js_new(cls, format: Any = None, *_: Any) -> CompressionStream:
        return cls(*_sides(_Deflate(_window(format))))


class DecompressionStream(TransformStream, js_name="DecompressionStream"):
    """Decompresses what is written to it."""

    __slots__ = ()

    @classmethod
    def js_new(cls, format: Any = None, *_: Any) -> DecompressionStream:
        return cls(*_sides(_Inflate(_window(format))))


def _sides(codec: _Codec) -> tuple[ReadableStream, WritableStream]:
    # One chunk of room: codecs that hold everything back until the end must still be fed.
    controller = TransformStreamDefaultController(None, None)
    controller._high_water_mark = 1
    return ReadableStream(controller), WritableStream(_CodecSink(codec, controller))
