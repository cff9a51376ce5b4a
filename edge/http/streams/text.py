"""TextEncoderStream and TextDecoderStream (UTF-8)."""

from __future__ import annotations

import codecs
from typing import Any

from edge.http.buffers import encode_text
from edge.http.init import member
from edge.http.streams.readable import ReadableStream, chunk_bytes
from edge.http.streams.transform import TransformStream, TransformStreamDefaultController
from edge.http.streams.writable import WritableStream
from edge.js.errors import range_error, type_error
from edge.js.webidl import to_string

_UTF8 = frozenset({"utf-8", "utf8", "unicode-1-1-utf-8"})


class _TextSink:
    """Turns each chunk into another one with `feed`; the codec's rest comes with the end."""

    def __init__(self, controller: TransformStreamDefaultController) -> None:
        self._controller = controller

    def feed(self, chunk: Any, final: bool) -> Any:
        raise NotImplementedError

    async def write(self, chunk: Any) -> None:
        await self._controller.wanted()
        self._emit(chunk, False)

    async def close(self) -> None:
        self._emit(None, True)
        self._controller.close()

    async def abort(self, reason: Any) -> None:
        self._controller.error(reason)

    def _emit(self, chunk: Any, final: bool) -> None:
        try:
            output = self.feed(chunk, final)
        except Exception as error:
            self._controller.error(error)
            raise
        if output:
            self._controller._enqueue(output)


class _Encoder(_TextSink):
    """A surrogate pair may be split over two chunks, so a high half waits for the next one."""

    _pending = ""

    def feed(self, chunk: Any, final: bool) -> Any:
        text = self._pending + ("" if final else to_string(chunk))
        self._pending = ""
        if not final and text and "\ud800" <= text[-1] <= "\udbff":
            text, self._pending = text[:-1], text[-1]
        return encode_text(text)


class _Decoder(_TextSink):
    def __init__(self, controller: TransformStreamDefaultController, fatal: bool, keep_bom: bool) -> None:
        super().__init__(controller)
        name = "utf-8" if keep_bom else "utf-8-sig"
        self._codec = codecs.getincrementaldecoder(name)("strict" if fatal else "replace")

    def feed(self, chunk: Any, final: bool) -> Any:
        try:
            return self._codec.decode(b"" if final else chunk_bytes(chunk), final)
        except UnicodeDecodeError:
            raise type_error("Failed to decode input.") from None


class TextEncoderStream(TransformStream, js_name="TextEncoderStream"):
    """Strings in, UTF-8 out."""

    __slots__ = ()

    @classmethod
    def js_new(cls, *_: Any) -> TextEncoderStream:
        controller = TransformStreamDefaultController(None, None)
        return cls(ReadableStream(controller), WritableStream(_Encoder(controller)))

    @property
    def encoding(self) -> str:
        return "utf-8"


class TextDecoderStream(TransformStream, js_name="TextDecoderStream"):
    """UTF-8 in, strings out; other encodings raise RangeError."""

    __slots__ = ("fatal", "ignoreBOM")
    fatal: bool
    ignoreBOM: bool

    @classmethod
    def js_new(cls, label: Any = None, options: Any = None, *_: Any) -> TextDecoderStream:
        if label is not None and to_string(label).strip().lower() not in _UTF8:
            raise range_error(f'"{to_string(label)}" is not a valid encoding.')
        fatal, keep_bom = bool(member(options, "fatal")), bool(member(options, "ignoreBOM"))
        controller = TransformStreamDefaultController(None, None)
        sink = _Decoder(controller, fatal, keep_bom)
        stream = cls(ReadableStream(controller), WritableStream(sink))
        stream.fatal, stream.ignoreBOM = fatal, keep_bom
        return stream

    @property
    def encoding(self) -> str:
        return "utf-8"
