"""Typed arrays and DataView.

Source: ECMA-262 TypedArray and DataView objects, Pyodide `JsTypedArray`; recorded: compat_new
`jsproxy_access` rows "u8 …".
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar

from edge.js.buffers import JsArrayBuffer, JsBuffer, JsBufferView
from edge.js.errors import range_error, type_error
from edge.js.iterators import JsIterator
from edge.js.proxy import JsBigInt, JsProxy
from edge.js.values import to_js_number
from edge.js.webidl import to_number, to_string


def _as_integer(value: Any) -> int:
    number = to_number(value)
    return int(number) if math.isfinite(number) else 0


class JsTypedArray(JsBufferView, js_name="TypedArray"):
    """Numbers of one kind over a buffer; `_code` is the struct code of an element, little-endian."""

    __slots__ = ()
    _code: ClassVar[str] = "B"
    BYTES_PER_ELEMENT: ClassVar[int] = 1

    def __init_subclass__(cls, code: str | None = None, **options: Any) -> None:
        super().__init_subclass__(**options)
        if code is not None:
            cls._code = code
            cls.BYTES_PER_ELEMENT = struct.calcsize("<" + code)

    @classmethod
    def of_bytes(cls, data: bytes | bytearray) -> JsTypedArray:
        """A typed array over a buffer of its own."""
        return cls(JsArrayBuffer(data))

    @classmethod
    def js_new(cls, source: Any = 0, offset: Any = None, length: Any = None, *_: Any) -> JsTypedArray:
        """`new Uint8Array(length | array | typedArray | buffer, offset, length)`."""
        if isinstance(source, JsArrayBuffer):
            return cls._over(source, 0 if offset is None else _as_integer(offset), length)
        if isinstance(source, JsProxy) and hasattr(source, "__iter__"):
            return cls._from_numbers(source)
        if isinstance(source, (list, tuple)):
            return cls._from_numbers(source)
        if isinstance(source, (bytes, bytearray, memoryview)):
            return cls._from_numbers(memoryview(source).tolist())
        count = 0 if isinstance(source, JsProxy) else _as_integer(source)
        if count < 0:
            raise range_error(f"Invalid typed array length: {count}")
        return cls.of_bytes(bytes(count * cls.BYTES_PER_ELEMENT))

    @classmethod
    def _over(cls, buffer: JsArrayBuffer, offset: int, length: Any) -> JsTypedArray:
        width = cls.BYTES_PER_ELEMENT
        if offset % width:
            raise range_error(f"start offset of {cls.js_name} should be a multiple of {width}")
        if offset > len(buffer._data):
            raise range_error(f"Start offset {offset} is outside the bounds of the buffer")
        if length is not None:
            size_bytes = _as_integer(length) * width
            if offset + size_bytes > len(buffer._data):
                raise range_error(f"Invalid typed array length: {_as_integer(length)}")
            return cls(buffer, offset, size_bytes)
        if len(buffer._data) % width:
            raise range_error(f"byte length of {cls.js_name} should be a multiple of {width}")
        return cls(buffer, offset)

    @classmethod
    def _from_numbers(cls, numbers: Iterable[Any]) -> JsTypedArray:
        values = [cls._element(number) for number in numbers]
        return cls.of_bytes(struct.pack(f"<{len(values)}{cls._code}", *values))

    @classmethod
    def _element(cls, value: Any) -> Any:
        """A JavaScript value as an element stores it: integers wrap around."""
        bits = cls.BYTES_PER_ELEMENT * 8
        wrapped = _as_integer(value) & ((1 << bits) - 1)
        return wrapped - (1 << bits) if cls._code.islower() and wrapped >> (bits - 1) else wrapped

    @classmethod
    def _shown(cls, element: Any) -> Any:
        """An element as a JavaScript number."""
        return element

    def _format(self) -> str:
        return self._code

    def _elements(self) -> tuple[Any, ...]:
        return struct.unpack(f"<{self.length}{self._code}", self._bytes())

    @property
    def length(self) -> int:
        return self._size // self.BYTES_PER_ELEMENT

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[Any]:
        return map(self._shown, self._elements())

    def __contains__(self, value: object) -> bool:
        return value in list(self)

    def _position(self, index: int) -> int:
        place = index + self.length if index < 0 else index
        if not 0 <= place < self.length:
            raise IndexError(index)
        return self._offset + place * self.BYTES_PER_ELEMENT

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            start, stop, step = index.indices(self.length)
            return self.subarray(start, stop) if step == 1 else self._from_numbers(list(self)[index])
        (element,) = struct.unpack_from("<" + self._code, self._buffer._data, self._position(index))
        return self._shown(element)

    def __setitem__(self, index: Any, value: Any) -> None:
        if isinstance(index, slice):
            for place, item in zip(range(*index.indices(self.length)), value, strict=True):
                self[place] = item
            return
        place = self._position(index)
        struct.pack_into("<" + self._code, self._buffer._writable(), place, self._element(value))

    def __str__(self) -> str:
        return self.join()

    __repr__ = __str__

    def _own_items(self) -> list[tuple[str, Any]]:
        return [(str(index), value) for index, value in enumerate(self)]

    def at(self, index: int) -> Any:
        return self[index] if -self.length <= index < self.length else None

    def join(self, separator: str = ",") -> str:
        return separator.join(to_string(value) for value in self)

    def slice(self, start: int | None = None, end: int | None = None) -> JsTypedArray:
        begin, stop, _ = slice(start, end).indices(self.length)
        width = self.BYTES_PER_ELEMENT
        return self.of_bytes(self._bytes()[begin * width : max(begin, stop) * width])

    def subarray(self, start: int | None = None, end: int | None = None) -> JsTypedArray:
        """The same memory, another window."""
        begin, stop, _ = slice(start, end).indices(self.length)
        width = self.BYTES_PER_ELEMENT
        return type(self)(self._buffer, self._offset + begin * width, max(0, stop - begin) * width)

    def set(self, source: Any, offset: int = 0) -> None:
        values = list(source)
        if offset < 0 or offset + len(values) > self.length:
            raise range_error("offset is out of bounds")
        for place, value in enumerate(values, offset):
            self[place] = value

    def fill(self, value: Any, start: int | None = None, end: int | None = None) -> JsTypedArray:
        for place in range(*slice(start, end).indices(self.length)):
            self[place] = value
        return self

    def indexOf(self, value: Any) -> int:
        return next((place for place, item in enumerate(self) if item == value), -1)

    def includes(self, value: Any) -> bool:
        return value in self

    def map(self, callback: Callable[..., Any]) -> JsTypedArray:
        return self._from_numbers([callback(value, place, self) for place, value in enumerate(self)])

    def values(self) -> JsIterator:
        return JsIterator(iter(self))


class JsUint8Array(JsTypedArray, js_name="Uint8Array", code="B"):
    __slots__ = ()

    def __iter__(self) -> Iterator[int]:
        return iter(self._bytes())

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, int):
            return self._buffer._data[self._position(index)]
        return super().__getitem__(index)

    @classmethod
    def _from_numbers(cls, numbers: Iterable[Any]) -> JsTypedArray:
        if isinstance(numbers, JsUint8Array):
            return cls.of_bytes(numbers._bytes())
        return super()._from_numbers(numbers)


class JsInt8Array(JsTypedArray, js_name="Int8Array", code="b"):
    __slots__ = ()


class JsUint8ClampedArray(JsTypedArray, js_name="Uint8ClampedArray", code="B"):
    __slots__ = ()

    @classmethod
    def _element(cls, value: Any) -> Any:
        number = to_number(value)
        return 0 if math.isnan(number) else round(min(255.0, max(0.0, number)))


class JsUint16Array(JsTypedArray, js_name="Uint16Array", code="H"):
    __slots__ = ()


class JsInt16Array(JsTypedArray, js_name="Int16Array", code="h"):
    __slots__ = ()


class JsUint32Array(JsTypedArray, js_name="Uint32Array", code="I"):
    __slots__ = ()


class JsInt32Array(JsTypedArray, js_name="Int32Array", code="i"):
    __slots__ = ()


class _FloatArray(JsTypedArray):
    __slots__ = ()

    @classmethod
    def _element(cls, value: Any) -> Any:
        number = to_number(value)
        try:
            struct.pack("<" + cls._code, number)
        except OverflowError:
            return math.copysign(math.inf, number)
        return number

    @classmethod
    def _shown(cls, element: Any) -> Any:
        return to_js_number(element)


class JsFloat16Array(_FloatArray, js_name="Float16Array", code="e"):
    __slots__ = ()

    def _format(self) -> str:
        return "H"  # Python's memoryview knows no halves: their bits


class JsFloat32Array(_FloatArray, js_name="Float32Array", code="f"):
    __slots__ = ()


class JsFloat64Array(_FloatArray, js_name="Float64Array", code="d"):
    __slots__ = ()


class _BigIntArray(JsTypedArray):
    __slots__ = ()

    @classmethod
    def _element(cls, value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, JsBigInt):
            raise type_error(f"Cannot convert {to_string(value)} to a BigInt")
        wrapped = int(value) & (2**64 - 1)
        return wrapped - 2**64 if cls._code.islower() and wrapped >> 63 else wrapped

    @classmethod
    def _shown(cls, element: Any) -> Any:
        return JsBigInt(element)


class JsBigInt64Array(_BigIntArray, js_name="BigInt64Array", code="q"):
    __slots__ = ()


class JsBigUint64Array(_BigIntArray, js_name="BigUint64Array", code="Q"):
    __slots__ = ()


TYPED_ARRAYS: dict[str, type[JsTypedArray]] = {
    cls.js_name: cls
    for cls in (
        JsInt8Array,
        JsUint8Array,
        JsUint8ClampedArray,
        JsInt16Array,
        JsUint16Array,
        JsInt32Array,
        JsUint32Array,
        JsFloat16Array,
        JsFloat32Array,
        JsFloat64Array,
        JsBigInt64Array,
        JsBigUint64Array,
    )
}

__all__ = ["TYPED_ARRAYS", "JsBuffer", "JsDataView", "JsTypedArray", *(f"Js{name}" for name in TYPED_ARRAYS)]


class JsDataView(JsBufferView, js_name="DataView"):
    """Numbers of any kind at any byte offset, big-endian unless asked otherwise."""

    __slots__ = ()

    @classmethod
    def js_new(cls, buffer: Any = None, offset: Any = 0, length: Any = None, *_: Any) -> JsDataView:
        """`new DataView(buffer, byteOffset, byteLength)`."""
        if not isinstance(buffer, JsArrayBuffer):
            raise type_error("First argument to DataView constructor must be an ArrayBuffer")
        start = _as_integer(offset)
        if start < 0 or start > len(buffer._data):
            raise range_error(f"Start offset {start} is outside the bounds of the buffer")
        size_bytes = len(buffer._data) - start if length is None else _as_integer(length)
        if start + size_bytes > len(buffer._data):
            raise range_error(f"Invalid DataView length {size_bytes}")
        return cls(buffer, start, size_bytes)

    def _place(self, offset: int, width: int) -> int:
        if offset < 0 or offset + width > self._size:
            raise range_error("Offset is outside the bounds of the DataView")
        return self._offset + offset


def _add_accessors(cls: type[JsTypedArray]) -> None:
    """`getInt16`, `setInt16`, …: one pair for each kind of element."""
    kind = cls.js_name.removesuffix("Array")
    code, width = cls._code, cls.BYTES_PER_ELEMENT

    def get(self: JsDataView, offset: int, little_endian: bool = False) -> Any:
        place = self._place(_as_integer(offset), width)
        (element,) = struct.unpack_from(("<" if little_endian else ">") + code, self._buffer._data, place)
        return cls._shown(element)

    def set_(self: JsDataView, offset: int, value: Any, little_endian: bool = False) -> None:
        place = self._place(_as_integer(offset), width)
        order = "<" if little_endian else ">"
        struct.pack_into(order + code, self._buffer._writable(), place, cls._element(value))

    setattr(JsDataView, f"get{kind}", get)
    setattr(JsDataView, f"set{kind}", set_)


for _cls in TYPED_ARRAYS.values():
    if _cls is not JsUint8ClampedArray:
        _add_accessors(_cls)
