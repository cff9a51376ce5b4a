"""Single arguments of R2's methods, converted as workerd converts them.

Source: spec runtime.md section 12, recording `r2_basic`.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterable
from typing import Any

from edge.http.blob import Blob
from edge.http.buffers import buffer_bytes, encode_text
from edge.http.init import given
from edge.http.streams.readable import ReadableStream
from edge.js.dates import JsDate
from edge.js.errors import JsException, error, range_error, type_error
from edge.js.objects import get_property
from edge.js.proxy import JsBigInt, JsNull, JsProxy
from edge.js.webidl import MISSING, number_to_string, to_number, to_string, wrong_type

_VALUE = "JsReadableStream or ArrayBuffer or ArrayBufferView or string or Blob"
_NO_SSEC = "ssecKey: encryption with a key of one's own (SSE-C) is not emulated (docs/limitations.md)."
_UNKNOWN_LENGTH = (
    "Provided readable stream must have a known length (request/response body or readable half of "
    "FixedLengthStream)"
)


def text(value: Any) -> str:
    """A string of JavaScript as UTF-8 carries it."""
    return encode_text(to_string(value)).decode()


def key(value: Any, method: str, owner: str = "R2Bucket") -> str:
    """The first argument as a key; anything becomes its text."""
    if value is MISSING:
        raise wrong_type(method, owner, 1, "string")
    return text(value)


def options(value: Any, method: str, index: int, expected: str) -> Any:
    """An options object, None when it is not given. Raises TypeError for a primitive."""
    if value is None or isinstance(value, JsNull):
        return None
    if isinstance(value, (str, bool, int, float)):
        raise wrong_type(method, "R2Bucket", index, expected)
    return value


def refuse_ssec(value: Any) -> None:
    """Raises Error for options with `ssecKey`."""
    if get_property(value, "ssecKey") is not None:
        raise error(_NO_SSEC)


def wrong_field(field: str, struct: str, expected: str) -> JsException:
    """The TypeError of a field of an options object."""
    return type_error(
        f"Incorrect type for the '{field}' field on '{struct}': "
        f"the provided value is not of type '{expected}'."
    )


def string_field(value: Any, field: str, struct: str) -> str | None:
    """A field that takes strings only."""
    found = get_property(value, field)
    if found is None:
        return None
    if not isinstance(found, str):
        raise wrong_field(field, struct, "string")
    return text(found)


def text_field(value: Any, field: str) -> str | None:
    """A field whose value becomes its text."""
    found = get_property(value, field)
    return None if found is None else text(found)


def date_field(value: Any, field: str, struct: str) -> int | float | None:
    """A field with a date, or with a number of ms since the epoch."""
    found = get_property(value, field)
    if found is None:
        return None
    if isinstance(found, JsDate):
        return found.getTime()
    if isinstance(found, (int, float)) and not isinstance(found, (bool, JsBigInt)):
        return found
    raise wrong_field(field, struct, "date")


def count_field(value: Any, field: str, title: str, what: str) -> int | None:
    """A field with a whole number from 0. Raises RangeError, naming `what` under the `title`."""
    found = get_property(value, field)
    if found is None:
        return None
    number = to_number(found)
    shown = number_to_string(number)
    if not number >= 0:
        raise range_error(f"{title}. {what} ({shown}) must be greater than or equal to 0.")
    if math.isinf(number) or not number.is_integer():
        raise range_error(f"Invalid range. {what} ({shown}) must be an integer, not floating point.")
    return int(number)


def body(value: Any, method: str, owner: str, *, optional: bool) -> bytes | AsyncIterable[bytes]:
    """The bytes to store. Raises TypeError for what has none, and for a stream of unknown length."""
    if optional and (value is MISSING or not given(value)):
        return b""
    if isinstance(value, str):
        return encode_text(value)
    if isinstance(value, Blob):
        return value.data
    if isinstance(value, ReadableStream):
        value.check_usable_as_body()
        if value.length is None:
            raise type_error(_UNKNOWN_LENGTH)
        return value.chunks()
    data = buffer_bytes(value) if isinstance(value, JsProxy) else None
    if data is None:
        raise wrong_type(method, owner, 2, _VALUE)
    return data
