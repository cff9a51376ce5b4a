"""Writing V8's structured-clone format. The hot path of every Durable Object `put`: primitives never
make a writer, strings that serve as keys are encoded once.

Source: V8 `value-serializer.cc` (ValueSerializer).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any

from edge.js import v8_format as f
from edge.js.arrays import JsArray
from edge.js.buffers import JsArrayBuffer, JsBufferView
from edge.js.clone_errors import refuse
from edge.js.collections import JsLiteralMap, JsMap, JsSet
from edge.js.dates import JsDate
from edge.js.errors import JsException, range_error
from edge.js.objects import JsObject, ObjectMap, is_array_index
from edge.js.proxy import JsBigInt, JsNull, JsProxy
from edge.js.regexp import JsRegExp

_pack_double = struct.Struct("<d").pack
_KEYS_KEPT = 4096  # enough for the keys of real objects, and a bound when keys are data
_keys: dict[str, bytes] = {}


def serialize(value: Any, *, host: f.HostObjects | None = None) -> bytes:
    """`value` as V8 serializes it. Raises DataCloneError for what cannot be cloned and RangeError when
    it is nested too deeply; functions and host objects go through `host`."""
    encoded = _primitive(value)
    if encoded is not None:
        return f.HEADER + encoded
    writer = (_Carrying if getattr(host, "carries_texts", False) else _Writer)(host)
    try:
        writer.write(value)
    except RecursionError:
        raise range_error("Maximum call stack size exceeded") from None
    return bytes(writer.out)


#: From here on copying a text costs more than carrying it.
_LONG_TEXT = 1 << 16


def _primitive(value: Any) -> bytes | None:
    """A value that needs no writer: everything but objects and two-byte strings."""
    kind = type(value)
    if kind is str:
        return _one_byte_string(value)
    if kind is int:
        return _integer(value)
    if value is None:
        return f.UNDEFINED
    if kind is bool:
        return f.TRUE if value else f.FALSE
    if kind is float:
        return f.DOUBLE + _pack_double(value)
    if kind is JsBigInt:
        return f.BIGINT + _bigint_body(value)
    if kind is JsNull:
        return f.NULL
    return None


def _integer(value: int) -> bytes:
    if -64 <= value < 64:
        return f.INT32 + f.varint(value << 1 if value >= 0 else (-value << 1) - 1)
    if f.SMI_MIN <= value <= f.SMI_MAX:
        return f.INT32 + f.varint((value << 1) ^ (value >> 31))
    if -(2**53) < value < 2**53:
        return f.DOUBLE + _pack_double(value)
    return f.BIGINT + _bigint_body(value)


def _bigint_body(value: int) -> bytes:
    magnitude = abs(value)
    size_bytes = (magnitude.bit_length() + 63) // 64 * 8
    return f.varint(size_bytes << 1 | (value < 0)) + magnitude.to_bytes(size_bytes, "little")


def _one_byte_string(text: str) -> bytes | None:
    try:
        data = text.encode("latin-1")
    except UnicodeEncodeError:
        return None

    return f.ONE_BYTE_STRING + f.varint(len(data)) + data


def text_bytes(text: str) -> int | None:
    """How many bytes its characters take; None for halves of characters, which change when they are read: two
    that follow each other become one."""
    if text.isascii():
        return len(text)
    for encoding in ("latin-1", "utf-16-le"):
        try:
            return len(text.encode(encoding))
        except UnicodeEncodeError:
            continue
    return None


def _key(key: str) -> bytes | None:
    """A property name; array indices are numbers in the format. None for two-byte strings."""
    encoded = _keys.get(key)
    if encoded is None:
        if is_array_index(key):
            encoded = _integer(int(key))
        else:
            encoded = _one_byte_string(key)
            if encoded is None:
                return None
        if len(_keys) < _KEYS_KEPT and len(key) <= 64:
            _keys[key] = encoded
    return encoded


class _Writer:
    """One run of the serializer; `ids` numbers the objects in the order in which they begin."""

    __slots__ = ("host", "ids", "out")

    def __init__(self, host: f.HostObjects | None) -> None:
        self.out = bytearray(f.HEADER)
        self.ids: dict[int, int] = {}
        self.host = host

    def write(self, value: Any) -> None:
        encoded = _primitive(value)
        if encoded is not None:
            self.out += encoded
        elif isinstance(value, str):
            self.two_byte_string(value)
        elif (known := self.ids.get(id(value))) is not None:
            self.out += f.REFERENCE + f.varint(known)
        else:
            _WRITERS.get(type(value), _Writer.other)(self, value)

    def begin(self, value: Any) -> None:
        self.ids[id(value)] = len(self.ids)

    def string(self, text: str) -> None:
        encoded = _one_byte_string(text)
        if encoded is None:
            self.two_byte_string(text)
        else:
            self.out += encoded

    def two_byte_string(self, text: str) -> None:
        data = text.encode("utf-16-le", "surrogatepass")
        length = f.varint(len(data))
        # The reader maps the units in place, so they begin at an even position.
        if len(self.out) + 1 + len(length) & 1:
            self.out += f.PADDING
        self.out += f.TWO_BYTE_STRING + length + data

    def object(self, value: JsObject) -> None:
        self.begin(value)
        self.out += f.OBJECT
        self.properties(value._own_items())

    def properties(self, items: Iterable[tuple[str, Any]]) -> None:
        count = 0
        out = self.out
        for key, item in items:
            encoded = _key(key)
            if encoded is None:
                self.two_byte_string(key)
            else:
                out += encoded
            self.write(item)
            count += 1
        out += f.OBJECT_END + f.varint(count)

    def array(self, value: JsArray) -> None:
        self.begin(value)
        items = value._items
        length = f.varint(len(items))
        self.out += f.DENSE_ARRAY + length
        for item in items:
            self.write(item)
        self.out += f.DENSE_ARRAY_END + b"\0" + length

    def map(self, value: JsMap) -> None:
        self.begin(value)
        self.out += f.MAP
        pairs = value._pairs()
        for key, item in pairs:
            self.write(key)
            self.write(item)
        self.out += f.MAP_END + f.varint(2 * len(pairs))

    def set(self, value: JsSet) -> None:
        self.begin(value)
        self.out += f.SET
        for item in value:
            self.write(item)
        self.out += f.SET_END + f.varint(len(value))

    def date(self, value: JsDate) -> None:
        self.begin(value)
        self.out += f.DATE + _pack_double(value._ms)

    def regexp(self, value: JsRegExp) -> None:
        self.begin(value)
        self.out += f.REGEXP
        self.string(value.source)
        self.out += f.varint(sum(f.REGEXP_FLAGS[flag] for flag in value.flags))

    def array_buffer(self, value: JsArrayBuffer) -> None:
        self.begin(value)
        self.out += f.ARRAY_BUFFER + f.varint(len(value._data))
        self.out += value._data

    def view(self, value: JsBufferView) -> None:
        # A view follows its whole buffer, and the reader puts the two together.
        self.write(value._buffer)
        self.begin(value)
        self.out += f.ARRAY_BUFFER_VIEW + f.VIEW_TAGS[type(value).js_name]
        self.out += f.varint(value._offset) + f.varint(value._size) + b"\0"

    def error(self, value: JsException) -> None:
        self.begin(value)
        self.out += f.ERROR + f.ERROR_PROTOTYPES.get(value.name, b"")
        if value.message:
            self.out += f.ERROR_MESSAGE
            self.string(value.message)
        cause = value.__dict__.get("cause")
        if cause is not None:
            self.out += f.ERROR_CAUSE
            self.write(cause)
        self.out += f.ERROR_STACK
        self.string(value.stack)
        self.out += f.ERROR_END

    def object_map(self, value: ObjectMap) -> None:
        self.write(value._object)

    def other(self, value: Any) -> None:
        for base, write in _BASES:
            if isinstance(value, base):
                write(self, value)
                return
        if self.host is None:
            raise refuse(value)
        number = self.host.dehydrate(value)
        self.begin(value)
        self.out += f.HOST_OBJECT + f.varint(number)


class _Carrying(_Writer):
    """Hands long texts to the host, where it wants them: nothing reads these bytes but this process."""

    __slots__ = ()

    def write(self, value: Any) -> None:
        if type(value) is str and len(value) >= _LONG_TEXT and text_bytes(value) is not None:
            if (known := self.ids.get(id(value))) is not None:
                self.out += f.REFERENCE + f.varint(known)
            else:
                self.other(value)
        else:
            super().write(value)


_WRITERS: dict[type, Any] = {
    JsObject: _Writer.object,
    JsArray: _Writer.array,
    JsMap: _Writer.map,
    JsLiteralMap: _Writer.map,
    JsSet: _Writer.set,
    JsDate: _Writer.date,
    JsRegExp: _Writer.regexp,
    JsArrayBuffer: _Writer.array_buffer,
    JsException: _Writer.error,
    ObjectMap: _Writer.object_map,
}
_BASES: tuple[tuple[type[JsProxy], Any], ...] = (
    (JsBufferView, _Writer.view),
    (JsException, _Writer.error),
)
