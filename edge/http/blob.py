"""Blob and File: bytes with a type, and with a name."""

from __future__ import annotations

from typing import Any

from edge.http.buffers import array_buffer, buffer_bytes, decode_text, encode_text, uint8array
from edge.http.host import current_host
from edge.http.init import given, member, wrong_parameter
from edge.http.streams.readable import ReadableStream
from edge.js.promise import JsPromise
from edge.js.proxy import JsProxy
from edge.js.webidl import to_int32, to_number, to_string


class Blob(JsProxy, js_name="Blob"):
    """Immutable bytes."""

    __slots__ = ("data", "type")

    def __init__(self, data: bytes = b"", type: str = "") -> None:
        self.data = data
        self.type = type

    @classmethod
    def js_new(cls, *args: Any) -> Blob:
        """`new Blob(parts, {type})`: parts are strings, buffers and blobs."""
        parts, options, *_ = (*args, None, None)
        return cls(join_parts(parts, "Blob"), blob_type(options))

    @property
    def size(self) -> int:
        return len(self.data)

    def text(self) -> JsPromise:
        return JsPromise.resolved(decode_text(self.data))

    def arrayBuffer(self) -> JsPromise:
        return JsPromise.resolved(array_buffer(self.data))

    def bytes(self) -> JsPromise:
        return JsPromise.resolved(uint8array(self.data))

    def stream(self) -> ReadableStream:
        return ReadableStream.from_bytes(self.data)

    def slice(self, start: Any = None, end: Any = None, type: Any = None) -> Blob:
        size = len(self.data)
        first = 0 if not given(start) else _index(start, size)
        last = size if not given(end) else _index(end, size)
        return Blob(self.data[first : max(first, last)], to_string(type).lower() if given(type) else "")


class File(Blob, js_name="File"):
    """A blob with a name and a time."""

    __slots__ = ("lastModified", "name")

    def __init__(self, data: bytes, name: str, type: str = "", last_modified: float | None = None) -> None:
        super().__init__(data, type)
        self.name = name
        self.lastModified = current_host.get().clock.now_ms() if last_modified is None else last_modified

    @classmethod
    def js_new(cls, *args: Any) -> File:
        """`new File(parts, name, {type, lastModified})`."""
        parts, name, options, *_ = (*args, None, None, None)
        if name is None:
            raise wrong_parameter("File", 2, "string")
        modified = member(options, "lastModified")
        return cls(
            join_parts(parts, "File"),
            to_string(name),
            blob_type(options),
            int(to_number(modified)) if given(modified) else None,
        )


def join_parts(parts: Any, owner: str) -> bytes:
    """The bytes of a list of blob parts. Raises TypeError when `parts` is no list."""
    if parts is None:
        return b""
    if isinstance(parts, str) or not hasattr(parts, "__iter__"):
        raise wrong_parameter(owner, 1, "Array")
    return b"".join(_part_bytes(part) for part in parts)


def _part_bytes(part: Any) -> bytes:
    if isinstance(part, Blob):
        return part.data
    data = buffer_bytes(part)
    return encode_text(to_string(part)) if data is None else data


def blob_type(options: Any) -> str:
    value = member(options, "type")
    text = to_string(value).lower() if given(value) else ""
    return text if all(" " <= character <= "~" for character in text) else ""


def _index(value: Any, size: int) -> int:
    position = to_int32(value)
    return max(0, size + position) if position < 0 else min(position, size)
