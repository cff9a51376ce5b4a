"""Reading V8's structured-clone format. The hot path of every Durable Object `get`.

Source: V8 `value-serializer.cc` (ValueDeserializer).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from edge.js import v8_format as f
from edge.js.arrays import JsArray
from edge.js.buffers import JsArrayBuffer, JsBufferView
from edge.js.collections import JsMap, JsSet
from edge.js.dates import JsDate
from edge.js.errors import JsException, error
from edge.js.objects import JsObject
from edge.js.proxy import JsBigInt, jsnull
from edge.js.regexp import JsRegExp
from edge.js.typed_arrays import TYPED_ARRAYS, JsDataView
from edge.js.values import to_js_number
from edge.js.webidl import to_string

_read_double = struct.Struct("<d").unpack_from
_ERROR_NAMES = {tag[0]: name for name, tag in f.ERROR_PROTOTYPES.items()}
_VIEWS: dict[int, type[JsBufferView]] = {
    tag[0]: TYPED_ARRAYS.get(name, JsDataView) for name, tag in f.VIEW_TAGS.items()
}
_CONSTANTS = {f.UNDEFINED[0]: None, f.NULL[0]: jsnull, f.TRUE[0]: True, f.FALSE[0]: False}
_SPARSE_MAX = 2**24  # holes are kept as undefined, so a few bytes could claim any memory
_STRING, _INT32 = f.ONE_BYTE_STRING[0], f.INT32[0]


def broken_data() -> JsException:
    return error("Unable to deserialize cloned data.")


def deserialize(data: bytes, *, host: f.HostObjects | None = None) -> Any:
    """The value that `data` holds. Raises Error `Unable to deserialize cloned data.` for other bytes."""
    reader = _Reader(data, host)
    try:
        if data[:2] == f.HEADER:
            reader.position = 2
        else:
            reader.header()
        value = reader.read()
    except (IndexError, KeyError, struct.error, UnicodeDecodeError, RecursionError):
        raise broken_data() from None
    return value


class _Reader:
    """One run of the deserializer; `objects` holds what back references point to, by number."""

    __slots__ = ("data", "host", "objects", "position")

    def __init__(self, data: bytes, host: f.HostObjects | None) -> None:
        self.data = data
        self.position = 0
        self.objects: list[Any] = []
        self.host = host

    def header(self) -> None:
        if self.byte() != 0xFF or self.varint() > f.VERSION:
            raise broken_data()

    def byte(self) -> int:
        position = self.position
        self.position = position + 1
        return self.data[position]

    def varint(self) -> int:
        position = self.position
        byte = self.data[position]
        position += 1
        if byte < 0x80:
            self.position = position
            return byte
        number, shift = byte & 0x7F, 7
        while True:
            byte = self.data[position]
            position += 1
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                self.position = position
                return number
            shift += 7

    def take(self, count: int) -> bytes:
        end = self.position + count
        if end > len(self.data):
            raise broken_data()
        taken = self.data[self.position : end]
        self.position = end
        return taken

    def read(self) -> Any:
        """The next value, with a view when one follows a buffer."""
        value = self.value(self.tag())
        if (
            type(value) is JsArrayBuffer
            and self.data[self.position : self.position + 1] == f.ARRAY_BUFFER_VIEW
        ):
            return self.view(value)
        return value

    def tag(self) -> int:
        tag = self.byte()
        while tag == 0:  # padding
            tag = self.byte()
        return tag

    def value(self, tag: int) -> Any:
        if tag == _STRING:
            return self.take(self.varint()).decode("latin-1")
        if tag == _INT32:
            number = self.varint()
            return number >> 1 ^ -(number & 1)
        if tag in _CONSTANTS:
            return _CONSTANTS[tag]
        return _READERS[tag](self)

    def begin(self, value: Any) -> Any:
        self.objects.append(value)
        return value

    def uint32(self) -> int:
        return self.varint()

    def double(self) -> int | float:
        (number,) = _read_double(self.data, self.position)
        self.position += 8
        return to_js_number(number)

    def bigint(self) -> JsBigInt:
        bits = self.varint()
        magnitude = int.from_bytes(self.take(bits >> 1), "little")
        return JsBigInt(-magnitude if bits & 1 else magnitude)

    def two_byte_string(self) -> str:
        return self.take(self.varint()).decode("utf-16-le", "surrogatepass")

    def utf8_string(self) -> str:
        return self.take(self.varint()).decode("utf-8", "replace")

    def string(self) -> str:
        value = self.value(self.tag())
        if not isinstance(value, str):
            raise broken_data()
        return value

    def properties(self, end: bytes) -> dict[str, Any]:
        props: dict[str, Any] = {}
        data, last = self.data, end[0]
        while (tag := data[self.position]) != last:
            self.position += 1
            if tag == 0:
                continue
            key = self.value(tag)
            props[key if type(key) is str else to_string(key)] = self.read()
        self.position += 1
        if self.varint() != len(props):
            raise broken_data()
        return props

    def object(self) -> JsObject:
        made: JsObject = self.begin(JsObject())
        made._props.update(self.properties(f.OBJECT_END))
        return made

    def dense_array(self) -> JsArray:
        length = self.varint()
        items: list[Any] = []
        array: JsArray = self.begin(JsArray(items))
        for _ in range(length):
            if self.data[self.position] == f.HOLE[0]:
                self.position += 1
                items.append(None)
            else:
                items.append(self.read())
        self.properties_of_array(array, f.DENSE_ARRAY_END)
        return array

    def sparse_array(self) -> JsArray:
        length = self.varint()
        if length > _SPARSE_MAX:
            raise broken_data()
        array: JsArray = self.begin(JsArray([None] * length))
        self.properties_of_array(array, f.SPARSE_ARRAY_END)
        return array

    def properties_of_array(self, array: JsArray, end: bytes) -> None:
        for key, value in self.properties(end).items():
            if key.isdigit():
                array._items[int(key)] = value
        self.varint()

    def map(self) -> JsMap:
        made: JsMap = self.begin(JsMap())
        while self.data[self.position] != f.MAP_END[0]:
            key = self.read()
            made.set(key, self.read())
        self.position += 1
        self.varint()
        return made

    def set(self) -> JsSet:
        made: JsSet = self.begin(JsSet())
        while self.data[self.position] != f.SET_END[0]:
            made.add(self.read())
        self.position += 1
        self.varint()
        return made

    def date(self) -> JsDate:
        return self.begin(JsDate(float(self.double())))  # type: ignore[no-any-return]

    def regexp(self) -> JsRegExp:
        source = self.string()
        bits = self.varint()
        flags = "".join(flag for flag, bit in f.REGEXP_FLAGS.items() if bits & bit)
        return self.begin(JsRegExp(source, flags))  # type: ignore[no-any-return]

    def array_buffer(self) -> JsArrayBuffer:
        return self.begin(JsArrayBuffer(self.take(self.varint())))  # type: ignore[no-any-return]

    def resizable_array_buffer(self) -> JsArrayBuffer:
        length = self.varint()
        self.varint()  # the size it may grow to
        return self.begin(JsArrayBuffer(self.take(length)))  # type: ignore[no-any-return]

    def view(self, buffer: JsArrayBuffer) -> JsBufferView:
        self.position += 1
        cls = _VIEWS[self.byte()]
        offset, size_bytes = self.varint(), self.varint()
        self.varint()  # flags: tracks its buffer's length
        if offset + size_bytes > len(buffer._data):
            raise broken_data()
        return self.begin(cls(buffer, offset, size_bytes))  # type: ignore[no-any-return]

    def reference(self) -> Any:
        return self.objects[self.varint()]

    def error(self) -> JsException:
        name, fields, cause = "Error", {"m": "", "s": ""}, None
        place = len(self.objects)
        self.objects.append(None)
        while (tag := self.byte()) != f.ERROR_END[0]:
            if tag in _ERROR_NAMES:
                name = _ERROR_NAMES[tag]
            elif tag == f.ERROR_CAUSE[0]:
                cause = self.read()
            elif chr(tag) in fields:
                fields[chr(tag)] = self.string()
            else:
                raise broken_data()
        made = JsException(name, fields["m"], **({} if cause is None else {"cause": cause}))
        made.stack = fields["s"]
        self.objects[place] = made
        return made

    def host_object(self) -> Any:
        if self.host is None:
            raise broken_data()
        return self.begin(self.host.hydrate(self.varint()))

    def boolean_object(self) -> Any:
        return self.begin(self.data[self.position - 1] == f.TRUE_OBJECT[0])

    def boxed_number(self) -> Any:
        return self.begin(self.double())

    def boxed_bigint(self) -> Any:
        return self.begin(self.bigint())

    def boxed_string(self) -> Any:
        return self.begin(self.string())


_READERS: dict[int, Callable[[_Reader], Any]] = {
    tag[0]: read
    for tag, read in (
        (f.UINT32, _Reader.uint32),
        (f.DOUBLE, _Reader.double),
        (f.BIGINT, _Reader.bigint),
        (f.TWO_BYTE_STRING, _Reader.two_byte_string),
        (f.UTF8_STRING, _Reader.utf8_string),
        (f.OBJECT, _Reader.object),
        (f.DENSE_ARRAY, _Reader.dense_array),
        (f.SPARSE_ARRAY, _Reader.sparse_array),
        (f.MAP, _Reader.map),
        (f.SET, _Reader.set),
        (f.DATE, _Reader.date),
        (f.REGEXP, _Reader.regexp),
        (f.ARRAY_BUFFER, _Reader.array_buffer),
        (f.RESIZABLE_ARRAY_BUFFER, _Reader.resizable_array_buffer),
        (f.REFERENCE, _Reader.reference),
        (f.ERROR, _Reader.error),
        (f.HOST_OBJECT, _Reader.host_object),
        (f.TRUE_OBJECT, _Reader.boolean_object),
        (f.FALSE_OBJECT, _Reader.boolean_object),
        (f.NUMBER_OBJECT, _Reader.boxed_number),
        (f.BIGINT_OBJECT, _Reader.boxed_bigint),
        (f.STRING_OBJECT, _Reader.boxed_string),
    )
}
