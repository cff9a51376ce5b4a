"""The constants of V8's structured-clone format, version 15: header FF 0F, then tagged values.

Source: V8 `value-serializer.cc`. Durable Object storage keeps its values in this format.
"""

from __future__ import annotations

from typing import Any, Final, Protocol

HEADER: Final = b"\xff\x0f"
VERSION: Final = 15

UNDEFINED, NULL, TRUE, FALSE = b"_", b"0", b"T", b"F"
INT32, UINT32, DOUBLE, BIGINT = b"I", b"U", b"N", b"Z"
ONE_BYTE_STRING, TWO_BYTE_STRING, UTF8_STRING = b'"', b"c", b"S"
PADDING = b"\0"
TRUE_OBJECT, FALSE_OBJECT, NUMBER_OBJECT, BIGINT_OBJECT, STRING_OBJECT = b"y", b"x", b"n", b"z", b"s"
DATE, REGEXP = b"D", b"R"
OBJECT, OBJECT_END = b"o", b"{"
DENSE_ARRAY, DENSE_ARRAY_END, SPARSE_ARRAY, SPARSE_ARRAY_END, HOLE = b"A", b"$", b"a", b"@", b"-"
MAP, MAP_END, SET, SET_END = b";", b":", b"'", b","
ARRAY_BUFFER, RESIZABLE_ARRAY_BUFFER, ARRAY_BUFFER_VIEW = b"B", b"~", b"V"
REFERENCE, HOST_OBJECT = b"^", b"\\"
ERROR, ERROR_MESSAGE, ERROR_CAUSE, ERROR_STACK, ERROR_END = b"r", b"m", b"c", b"s", b"."

#: Small integers take the short form only when V8 with pointer compression keeps them as Smi.
SMI_MIN: Final = -(2**30)
SMI_MAX: Final = 2**30 - 1

ERROR_PROTOTYPES: Final = {
    "EvalError": b"E",
    "RangeError": b"R",
    "ReferenceError": b"F",
    "SyntaxError": b"S",
    "TypeError": b"T",
    "URIError": b"U",
}

VIEW_TAGS: Final = {
    "Int8Array": b"b",
    "Uint8Array": b"B",
    "Uint8ClampedArray": b"C",
    "Int16Array": b"w",
    "Uint16Array": b"W",
    "Int32Array": b"d",
    "Uint32Array": b"D",
    "Float16Array": b"h",
    "Float32Array": b"f",
    "Float64Array": b"F",
    "BigInt64Array": b"q",
    "BigUint64Array": b"Q",
    "DataView": b"?",
}

#: Bits of a RegExp's flags.
REGEXP_FLAGS: Final = {"g": 1, "i": 2, "m": 4, "y": 8, "u": 16, "s": 32, "d": 128, "v": 256}


class HostObjects(Protocol):
    """What stands for objects that only their runtime can carry over (functions, stubs, streams): they
    are written as a number. A class that cannot carry an object raises DataCloneError."""

    def dehydrate(self, value: Any) -> int:
        """Take an object over; the number stands for it in the data."""
        ...

    def hydrate(self, number: int) -> Any:
        """The object as the receiver sees it."""
        ...


def varint(number: int) -> bytes:
    """An unsigned integer in base 128, low groups first."""
    if number < 0x80:
        return _SHORT[number]
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


_SHORT = [bytes([number]) for number in range(128)]
