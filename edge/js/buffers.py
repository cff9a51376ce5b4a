"""ArrayBuffer: bytes as JavaScript holds them, and what Pyodide lets Python do with any buffer.

Source: Pyodide `JsBuffer`, ECMA-262 ArrayBuffer. Python 3.11 offers no way to export the buffer
protocol from Python code: `bytes(buffer)` and `to_memoryview()` work, `memoryview(buffer)` does not.
"""

from __future__ import annotations

from typing import IO, Any

from edge.js.errors import range_error, type_error
from edge.js.proxy import JsProxy


class JsBuffer(JsProxy):
    """What ArrayBuffer, the typed arrays and DataView have in common."""

    __slots__ = ()

    def _bytes(self) -> bytes:
        """The content; no copy where the content is immutable bytes already."""
        raise NotImplementedError

    def _view(self) -> memoryview:
        """A writable view of the content."""
        raise NotImplementedError

    def _format(self) -> str:
        return "B"

    def __bytes__(self) -> bytes:
        return self._bytes()

    def __bool__(self) -> bool:
        return len(self._bytes()) > 0

    def to_bytes(self) -> bytes:
        return self._bytes()

    def to_memoryview(self) -> memoryview:
        """A copy of the content as a memoryview of the element type."""
        view: Any = memoryview(bytearray(self._bytes()))
        copy: memoryview = view.cast(self._format())
        return copy

    def to_string(self, encoding: str | None = None) -> str:
        return self._bytes().decode(encoding or "utf-8", "replace")

    def assign(self, source: Any) -> None:
        """Copy from a Python buffer of the same size in bytes."""
        data = memoryview(source).cast("B")
        view = self._view()
        if len(data) != len(view):
            raise ValueError(
                f"cannot assign from TypedArray of length {len(data)} to buffer of length {len(view)}"
            )
        view[:] = data

    def assign_to(self, target: Any) -> None:
        """Copy to a writable Python buffer of the same size in bytes."""
        view = memoryview(target).cast("B")
        data = self._bytes()
        if len(data) != len(view):
            raise ValueError(
                f"cannot assign to buffer of length {len(view)} from TypedArray of length {len(data)}"
            )
        view[:] = data

    def to_file(self, file: IO[bytes]) -> None:
        file.write(self._bytes())

    def from_file(self, file: IO[bytes]) -> None:
        self.assign(file.read(len(self._bytes())))


class JsArrayBuffer(JsBuffer, js_name="ArrayBuffer"):
    """Raw bytes. Kept as immutable `bytes` until somebody writes to them."""

    __slots__ = ("_data",)

    def __init__(self, data: bytes | bytearray = b"") -> None:
        self._data = data

    @classmethod
    def js_new(cls, length: Any = 0, *_: Any) -> JsArrayBuffer:
        """`new ArrayBuffer(length)`."""
        if not isinstance(length, int) or length < 0:
            raise range_error("Array buffer allocation failed")
        return cls(bytes(length))

    @staticmethod
    def isView(value: Any) -> bool:
        return isinstance(value, JsBuffer) and not isinstance(value, JsArrayBuffer)

    def _bytes(self) -> bytes:
        return self._data if type(self._data) is bytes else bytes(self._data)

    def _writable(self) -> bytearray:
        data = self._data
        if not isinstance(data, bytearray):
            data = self._data = bytearray(data)
        return data

    def _view(self) -> memoryview:
        return memoryview(self._writable())

    @property
    def byteLength(self) -> int:
        return len(self._data)

    @property
    def maxByteLength(self) -> int:
        return len(self._data)

    @property
    def resizable(self) -> bool:
        return False

    @property
    def detached(self) -> bool:
        return False

    def slice(self, begin: int = 0, end: int | None = None) -> JsArrayBuffer:
        return JsArrayBuffer(bytes(self._data[begin:end]))


class JsBufferView(JsBuffer):
    """A window into an ArrayBuffer: typed arrays and DataView."""

    __slots__ = ("_buffer", "_offset", "_size")

    def __init__(self, buffer: JsArrayBuffer, offset: int = 0, size_bytes: int | None = None) -> None:
        self._buffer = buffer
        self._offset = offset
        self._size = len(buffer._data) - offset if size_bytes is None else size_bytes

    def _bytes(self) -> bytes:
        data = self._buffer._data
        if self._offset == 0 and self._size == len(data):
            return data if type(data) is bytes else bytes(data)
        return bytes(data[self._offset : self._offset + self._size])

    def _view(self) -> memoryview:
        return self._buffer._view()[self._offset : self._offset + self._size]

    @property
    def buffer(self) -> JsArrayBuffer:
        return self._buffer

    @property
    def byteLength(self) -> int:
        return self._size

    @property
    def byteOffset(self) -> int:
        return self._offset


def buffer_bytes(value: Any) -> bytes | None:
    """The bytes of a BufferSource (or of Python's own buffers), None when the value is none."""
    if isinstance(value, JsBuffer):
        return value._bytes()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    return None


def require_bytes(value: Any, message: str) -> bytes:
    """As `buffer_bytes`, but anything else raises TypeError(message)."""
    data = buffer_bytes(value)
    if data is None:
        raise type_error(message)
    return data
