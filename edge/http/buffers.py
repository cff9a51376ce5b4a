"""Bytes and text between Python and JavaScript's buffers."""

from __future__ import annotations

from typing import Any

from edge.js.buffers import JsArrayBuffer, JsBuffer
from edge.js.typed_arrays import JsUint8Array

_BOM = b"\xef\xbb\xbf"


def buffer_bytes(value: Any) -> bytes | None:
    """The bytes of an ArrayBuffer or a view of one; None for anything else, Python's own buffers too
    (a PyProxy is no BufferSource)."""
    return value._bytes() if isinstance(value, JsBuffer) else None


def array_buffer(data: bytes) -> JsArrayBuffer:
    return JsArrayBuffer(data)


def uint8array(data: bytes) -> JsUint8Array:
    return JsUint8Array(JsArrayBuffer(data))


def decode_text(data: bytes) -> str:
    """UTF-8 as the platform reads it: bad bytes replaced, byte order mark dropped."""
    return data.removeprefix(_BOM).decode("utf-8", "replace")


def encode_text(text: str) -> bytes:
    """UTF-8 as the platform writes it: lone surrogates become U+FFFD."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()
