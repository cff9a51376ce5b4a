"""What `bind` does with its arguments.

Source: spec runtime.md section 13; recordings `d1_errors`, `d1_r2_old_style`.
"""

from __future__ import annotations

import math
from typing import Any

from edge.http.buffers import encode_text
from edge.js.arrays import JsArray
from edge.js.buffers import JsArrayBuffer
from edge.js.errors import error, type_error
from edge.js.proxy import JsBigInt, JsNull, JsProxy
from edge.js.typed_arrays import JsDataView, JsTypedArray
from edge.js.webidl import to_string

Parameter = None | float | str | bytes


def bound(value: Any) -> Parameter:
    """A JavaScript value as SQLite takes it: numbers are doubles, booleans 1 and 0, lists of bytes BLOBs.

    Raises Error for everything else, undefined too.
    """
    if isinstance(value, str):
        return encode_text(value).decode()
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, (int, float)) and not isinstance(value, JsBigInt):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, JsNull):
        return None
    data = _blob(value)
    if data is None:
        raise error(f"D1_TYPE_ERROR: Type '{_typeof(value)}' not supported for value '{to_string(value)}'")
    return data


def _blob(value: Any) -> bytes | None:
    if isinstance(value, JsArrayBuffer):
        return value.to_bytes()
    if isinstance(value, JsDataView):
        return b""  # it is copied as a list, and has no elements
    if isinstance(value, JsTypedArray):
        return bytes(_byte(number) for number in value)
    if isinstance(value, JsArray) and all(_is_byte(item) for item in value):
        return bytes(int(item) for item in value)
    return None


def _is_byte(item: Any) -> bool:
    return isinstance(item, (int, float)) and not isinstance(item, (bool, JsBigInt)) and 0 <= item < 256


def _byte(number: int | float) -> int:
    """An element as Uint8Array takes it."""
    if isinstance(number, JsBigInt):
        raise type_error("Do not know how to serialize a BigInt")
    return int(number) % 256 if math.isfinite(number) else 0


def _typeof(value: Any) -> str:
    """JavaScript's `typeof` of what cannot be bound."""
    if value is None:
        return "undefined"
    if isinstance(value, JsBigInt):
        return "bigint"
    if isinstance(value, JsProxy):
        return value.typeof
    return "function" if callable(value) else "object"
