"""ArrayBuffer, typed arrays and DataView: recorded rows "u8 …", the rest from ECMA-262."""

from __future__ import annotations

import io
import math
from typing import Any

import pytest

from edge.js.arrays import JsArray
from edge.js.buffers import JsArrayBuffer
from edge.js.errors import JsException
from edge.js.proxy import JsBigInt
from edge.js.typed_arrays import (
    TYPED_ARRAYS,
    JsBigInt64Array,
    JsDataView,
    JsFloat32Array,
    JsInt8Array,
    JsUint8Array,
    JsUint8ClampedArray,
    JsUint16Array,
)


def test_bytes_of_a_typed_array() -> None:
    value = JsUint8Array.js_new(JsArray([1, 2, 255]))
    assert (value[2], value[-1], len(value), list(value), 2 in value) == (255, 255, 3, [1, 2, 255], True)
    assert (value.to_bytes(), bytes(value)) == (b"\x01\x02\xff", b"\x01\x02\xff")
    assert (type(value.to_py()), bytes(value.to_py())) == (memoryview, b"\x01\x02\xff")
    assert (value.constructor.name, str(value)) == ("Uint8Array", "1,2,255")
    with pytest.raises(IndexError, match="^3$"):
        value[3]


def test_truth_is_the_size() -> None:
    assert not JsUint8Array.js_new(0)
    assert JsArrayBuffer(b"x")
    with pytest.raises(TypeError, match=r"^object of type 'pyodide.ffi.JsProxy' has no len\(\)$"):
        len(JsArrayBuffer(b"x"))  # type: ignore[arg-type]


def test_views_share_their_buffer() -> None:
    buffer = JsArrayBuffer(b"\0" * 4)
    whole, part = JsUint8Array.js_new(buffer), JsUint8Array.js_new(buffer, 1, 2)
    part[0] = 7
    whole.subarray(2)[0] = 9
    assert (list(whole), list(part), part.byteOffset, part.byteLength) == ([0, 7, 9, 0], [7, 9], 1, 2)
    copied = whole.slice(1, 3)
    copied[0] = 1
    assert (list(whole), list(copied)) == ([0, 7, 9, 0], [1, 9])
    assert part.buffer is buffer


@pytest.mark.parametrize(
    ("cls", "given", "kept"),
    [
        (JsUint8Array, 256, 0),
        (JsUint8Array, -1, 255),
        (JsInt8Array, 255, -1),
        (JsUint8ClampedArray, 300, 255),
        (JsUint8ClampedArray, 1.5, 2),
        (JsUint16Array, 65537, 1),
        (JsFloat32Array, 1.5, 1.5),
        (JsFloat32Array, 2.0, 2),
        (JsFloat32Array, 1e300, math.inf),
        (JsUint8Array, "7", 7),
        (JsUint8Array, math.nan, 0),
    ],
)
def test_elements_wrap(cls: Any, given: Any, kept: Any) -> None:
    assert cls.js_new(JsArray([given]))[0] == kept


def test_bigint_arrays() -> None:
    value = JsBigInt64Array.js_new(JsArray([JsBigInt(2**63)]))
    assert (value[0], type(value[0])) == (-(2**63), JsBigInt)
    with pytest.raises(JsException, match="^TypeError: Cannot convert 1 to a BigInt$"):
        value[0] = 1


OUTSIDE = "is outside the bounds of the"
MULTIPLE = "of Uint16Array should be a multiple of 2"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: JsUint16Array.js_new(JsArrayBuffer(b"123")), f"byte length {MULTIPLE}"),
        (lambda: JsUint16Array.js_new(JsArrayBuffer(b"1234"), 1), f"start offset {MULTIPLE}"),
        (lambda: JsUint8Array.js_new(JsArrayBuffer(b"1"), 0, 5), "Invalid typed array length: 5"),
        (lambda: JsUint8Array.js_new(JsArrayBuffer(b"1"), 2), f"Start offset 2 {OUTSIDE} buffer"),
        (lambda: JsUint8Array.js_new(-1), "Invalid typed array length: -1"),
        (lambda: JsUint8Array.js_new(1).set([1, 2]), "offset is out of bounds"),
        (lambda: JsDataView.js_new(JsArrayBuffer(b"12")).getInt32(0), f"Offset {OUTSIDE} DataView"),
    ],
)
def test_range_errors(make: Any, message: str) -> None:
    with pytest.raises(JsException) as raised:
        make()
    assert (raised.value.name, raised.value.message) == ("RangeError", message)


def test_data_view_is_big_endian_unless_asked() -> None:
    view: Any = JsDataView.js_new(JsArrayBuffer.js_new(8), 2)
    view.setUint16(0, 258)
    view.setInt16(2, -2, True)
    view.setFloat32(2, 1.5)
    assert (view.getUint16(0), view.getUint16(0, True), view.getFloat32(2), view.byteLength) == (
        258,
        513,
        1.5,
        6,
    )
    assert view.buffer._bytes()[:4] == b"\0\0\x01\x02"


def test_copying_to_and_from_python() -> None:
    value = JsUint8Array.js_new(3)
    value.assign(b"abc")
    target = bytearray(3)
    value.assign_to(target)
    assert (target, value.to_string()) == (bytearray(b"abc"), "abc")
    with pytest.raises(ValueError, match="^cannot assign from TypedArray of length 1 to buffer of length 3$"):
        value.assign(b"a")
    file = io.BytesIO()
    value.to_file(file)
    file.seek(0)
    value.fill(0)
    value.from_file(file)
    assert value.to_bytes() == b"abc"


@pytest.mark.parametrize("name", sorted(TYPED_ARRAYS))
def test_every_kind_keeps_its_numbers(name: str) -> None:
    cls = TYPED_ARRAYS[name]
    one = JsBigInt(1) if name.startswith("Big") else 1
    value = cls.js_new(JsArray([one, one]))
    assert (list(value), value.length, value.byteLength) == ([1, 1], 2, 2 * cls.BYTES_PER_ELEMENT)
    halves_as_bits = [0x3C00, 0x3C00]
    assert value.to_memoryview().tolist() == (halves_as_bits if name == "Float16Array" else [1, 1])
