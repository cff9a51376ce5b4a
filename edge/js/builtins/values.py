"""Date, RegExp, JSON, errors, buffers, and the text functions of the global object.

Source: ECMA-262, HTML (atob, btoa, structuredClone).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from edge.js import json_text
from edge.js.arrays import JsArray
from edge.js.buffers import JsArrayBuffer
from edge.js.builtins.objects import members
from edge.js.clone import structured_clone
from edge.js.dates import JsDate, parse_ms, utc_ms
from edge.js.errors import JsException
from edge.js.functions import JsConstructor, JsFunction
from edge.js.objects import JsObject, get_property
from edge.js.regexp import JsRegExp
from edge.js.typed_arrays import TYPED_ARRAYS, JsDataView, JsTypedArray
from edge.js.values import to_js_number
from edge.js.webidl import to_string

_ERROR_NAMES = ("Error", "EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError")
_URI_SAFE = "-_.!~*'()"
_BAD_BASE64 = (
    "atob() called with invalid base64-encoded data. (Only whitespace, '+', '/', alphanumeric ASCII, and up "
    "to two terminal '=' signs when the input data length is divisible by 4 are allowed.)"
)


def date_constructor(now_ms: Callable[[], int]) -> JsConstructor:
    """`Date`, telling the time of the world's clock."""
    statics = members(
        now=now_ms,
        parse=lambda text=None: to_js_number(parse_ms(to_string(text))),
        UTC=lambda *parts: to_js_number(utc_ms(*parts)),
    )
    return JsConstructor(
        "Date",
        lambda *args: JsDate.js_new(now_ms(), *args),
        call=lambda *_: str(JsDate(now_ms())),
        members=statics,
    )


def json_object() -> JsObject:
    """`JSON`."""
    return JsObject(
        members(
            parse=lambda text=None, reviver=None: json_text.parse(to_string(text), reviver),
            stringify=json_text.stringify,
        )
    )


def _error_maker(name: str) -> Callable[..., JsException]:
    def make(message: Any = None, options: Any = None, *_: Any) -> JsException:
        cause = get_property(options, "cause")
        properties = {} if cause is None else {"cause": cause}
        return JsException(name, "" if message is None else to_string(message), **properties)

    return make


def _new_dom_exception(message: Any = None, name: Any = None, *_: Any) -> JsException:
    return JsException(
        "Error" if name is None else to_string(name), "" if message is None else to_string(message)
    )


def _new_aggregate(errors: Any, message: Any = None, *_: Any) -> JsException:
    return JsException(
        "AggregateError", "" if message is None else to_string(message), errors=JsArray(list(errors))
    )


def error_constructors() -> dict[str, JsConstructor]:
    made = {name: JsConstructor(name, _error_maker(name), call=_error_maker(name)) for name in _ERROR_NAMES}
    made["AggregateError"] = JsConstructor("AggregateError", _new_aggregate, call=_new_aggregate)
    made["DOMException"] = JsConstructor("DOMException", _new_dom_exception)
    return made


def _array_statics(cls: type[JsTypedArray]) -> dict[str, Any]:
    statics = members(of=lambda *items: cls._from_numbers(items))
    statics["from"] = JsFunction(lambda source: cls._from_numbers(list(source)), "from")
    return {**statics, "BYTES_PER_ELEMENT": cls.BYTES_PER_ELEMENT}


def buffer_constructors() -> dict[str, JsConstructor]:
    made = {
        name: JsConstructor(name, cls.js_new, members=_array_statics(cls))
        for name, cls in TYPED_ARRAYS.items()
    }
    statics = members(isView=JsArrayBuffer.isView)
    made["ArrayBuffer"] = JsConstructor("ArrayBuffer", JsArrayBuffer.js_new, members=statics)
    made["DataView"] = JsConstructor("DataView", JsDataView.js_new)
    return made


def btoa(text: Any = None) -> str:
    """Base64 of a text of bytes; InvalidCharacterError for other characters."""
    try:
        return base64.b64encode(to_string(text).encode("latin-1")).decode()
    except UnicodeEncodeError:
        raise JsException(
            "InvalidCharacterError",
            "btoa() can only operate on characters in the Latin1 (ISO/IEC 8859-1) range.",
        ) from None


def atob(text: Any = None) -> str:
    """The text of bytes that a base64 text stands for; InvalidCharacterError for anything else."""
    data = re.sub(r"[ \t\n\f\r]", "", to_string(text))
    if len(data) % 4 == 0:
        data = re.sub(r"={1,2}$", "", data)
    try:
        return base64.b64decode(data + "=" * (-len(data) % 4), validate=True).decode("latin-1")
    except (binascii.Error, ValueError):
        raise JsException("InvalidCharacterError", _BAD_BASE64) from None


def _encode_uri(safe: str) -> Callable[..., str]:
    def encode(text: Any = None) -> str:
        try:
            return quote(to_string(text), safe=safe)
        except UnicodeEncodeError:
            raise JsException("URIError", "URI malformed") from None

    return encode


def _decode_uri(kept: str) -> Callable[..., str]:
    pattern = re.compile("%(?:" + "|".join(f"{ord(char):02X}" for char in kept) + ")", re.I) if kept else None

    def decode(text: Any = None) -> str:
        source = to_string(text)
        if re.search(r"%(?![0-9a-fA-F]{2})", source):
            raise JsException("URIError", "URI malformed")
        if pattern is not None:
            source = pattern.sub(lambda match: "%25" + match[0][1:], source)
        try:
            return unquote_to_bytes(source).decode()
        except UnicodeDecodeError:
            raise JsException("URIError", "URI malformed") from None

    return decode


def value_globals(now_ms: Callable[[], int]) -> dict[str, Any]:
    """Everything of this module, by its global name."""
    reserved = ";/?:@&=+$,#"
    return {
        "Date": date_constructor(now_ms),
        "RegExp": JsConstructor("RegExp", JsRegExp.js_new, call=JsRegExp.js_new),
        "JSON": json_object(),
        **error_constructors(),
        **buffer_constructors(),
        **members(
            btoa,
            atob,
            structuredClone=lambda value=None, *_: structured_clone(value),
            encodeURIComponent=_encode_uri(_URI_SAFE),
            encodeURI=_encode_uri(_URI_SAFE + reserved),
            decodeURIComponent=_decode_uri(""),
            decodeURI=_decode_uri(reserved),
        ),
    }
