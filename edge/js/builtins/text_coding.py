"""TextEncoder and TextDecoder.

Source: Encoding standard.
"""

from __future__ import annotations

import codecs
from typing import Any

from edge.js.borrowed import opaque
from edge.js.buffers import JsArrayBuffer, buffer_bytes
from edge.js.errors import range_error, type_error
from edge.js.functions import js_method
from edge.js.objects import JsObject, get_property
from edge.js.proxy import JsProxy
from edge.js.typed_arrays import JsUint8Array
from edge.js.webidl import to_string

#: Labels of the standard whose Python codec has another name.
_LABELS = {
    "utf8": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    "ascii": "windows-1252",
    "us-ascii": "windows-1252",
    "latin1": "windows-1252",
    "iso-8859-1": "windows-1252",
    "utf-16": "utf-16le",
}


def encode_text(text: str) -> bytes:
    """UTF-8 of a JavaScript string; lone surrogates become U+FFFD."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


class JsTextEncoder(JsProxy, js_name="TextEncoder"):
    __slots__ = ()

    @classmethod
    def js_new(cls, *_: Any) -> JsTextEncoder:
        return cls()

    @property
    def encoding(self) -> str:
        return "utf-8"

    def encode(self, text: Any = "") -> JsUint8Array:
        return JsUint8Array(JsArrayBuffer(encode_text("" if text is None else to_string(text))))

    def encodeInto(self, text: Any, target: JsUint8Array) -> JsObject:
        """Write as many whole characters as fit; gives `{read, written}` in UTF-16 units and bytes."""
        room, read, written = target.byteLength, 0, bytearray()
        for char in to_string(text):
            data = encode_text(char)
            if len(written) + len(data) > room:
                break
            written += data
            read += 2 if ord(char) > 0xFFFF else 1
        target._view()[: len(written)] = written
        return JsObject({"read": read, "written": len(written)})


class JsTextDecoder(JsProxy, js_name="TextDecoder"):
    """A decoder; with `{stream: true}` it keeps the bytes of an unfinished character."""

    __slots__ = ("_codec", "_decoder", "_started", "encoding", "fatal", "ignoreBOM")

    def __init__(self, encoding: str, *, fatal: bool, ignore_bom: bool) -> None:
        self.encoding = encoding
        self.fatal = fatal
        self.ignoreBOM = ignore_bom
        self._codec = codecs.getincrementaldecoder(encoding)
        self._reset()

    @classmethod
    def js_new(cls, label: Any = "utf-8", options: Any = None, *_: Any) -> JsTextDecoder:
        """`new TextDecoder(label, {fatal, ignoreBOM})`; RangeError for unknown labels."""
        name = "utf-8" if label is None else to_string(label).strip().lower()
        encoding = _LABELS.get(name, name)
        try:
            codecs.getincrementaldecoder(encoding)
        except LookupError:
            raise range_error(f'"{name}" is not a valid encoding.') from None
        return cls(
            encoding,
            fatal=bool(get_property(options, "fatal")),
            ignore_bom=bool(get_property(options, "ignoreBOM")),
        )

    def _reset(self) -> None:
        self._decoder = self._codec("strict" if self.fatal else "replace")
        self._started = False

    @js_method
    def decode(self, data: Any = None, options: Any = None) -> str:
        """The text of a buffer. Raises TypeError for bad bytes when `fatal`."""
        raw = b"" if data is None else buffer_bytes(opaque(data))
        if raw is None:
            raise type_error(
                "Failed to execute 'decode' on 'TextDecoder': parameter 1 is not of type 'ArrayBuffer or "
                "ArrayBufferView'."
            )
        stream = bool(get_property(options, "stream"))
        try:
            text = self._decoder.decode(raw, final=not stream)
        except UnicodeDecodeError:
            self._reset()
            raise type_error("Failed to decode input.") from None
        if text and not self._started:
            self._started = True
            text = text if self.ignoreBOM else text.removeprefix("\ufeff")
        if not stream:
            self._reset()
        return text
