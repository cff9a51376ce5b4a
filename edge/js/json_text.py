"""JSON.parse and JSON.stringify over JavaScript values.

Source: ECMA-262 JSON object, V8's messages; recorded: kv `get_types`, compat_new `jsproxy_access`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any, NoReturn

import orjson

from edge.js.arrays import JsArray
from edge.js.errors import JsException, type_error
from edge.js.functions import JsDoubleProxy
from edge.js.json_errors import syntax_message
from edge.js.objects import JsObject
from edge.js.proxy import JsBigInt, JsNull, JsProxy, jsnull
from edge.js.values import to_js_number, to_js_value
from edge.js.webidl import number_to_string, to_string

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_MAX_SAFE = 2**53 - 1
_encode_text = json.encoder.encode_basestring


def parse(text: str, reviver: Callable[..., Any] | None = None) -> Any:
    """`JSON.parse(text)`: objects, arrays and numbers as JavaScript has them. Raises SyntaxError."""
    try:
        value = _adopt(_DECODER.decode(text))
    except ValueError:
        raise JsException("SyntaxError", syntax_message(text)) from None
    except RecursionError:
        raise JsException("RangeError", "Maximum call stack size exceeded") from None
    return value if reviver is None else _revive(JsObject({"": value}), "", reviver)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _big_enough(digits: str) -> int | float:
    # Python refuses to read thousands of digits; a double needs no more than its first ones.
    return int(digits) if len(digits) < 16 else to_js_number(float(digits))


_DECODER = json.JSONDecoder(
    parse_constant=_no_constant, parse_float=lambda text: to_js_number(float(text)), parse_int=_big_enough
)


def _adopt(value: Any) -> Any:
    """What Python's decoder made, as JavaScript values; its containers are taken over."""
    kind = type(value)
    if kind is dict:
        for key, item in value.items():
            if item is None or type(item) in _CONTAINERS:
                value[key] = _adopt(item)
        return JsObject(value)
    if kind is list:
        for index, item in enumerate(value):
            if item is None or type(item) in _CONTAINERS:
                value[index] = _adopt(item)
        return JsArray(value)
    return jsnull if value is None else value


_CONTAINERS = (dict, list)


def _revive(holder: JsObject | JsArray, key: str, reviver: Callable[..., Any]) -> Any:
    value = holder._props[key] if isinstance(holder, JsObject) else holder._items[int(key)]
    if isinstance(value, JsArray):
        value._items[:] = [_revive(value, str(index), reviver) for index in range(len(value))]
    elif isinstance(value, JsObject):
        for name in list(value._props):
            revived = _revive(value, name, reviver)
            if revived is None:
                del value._props[name]
            else:
                value._props[name] = revived
    return to_js_value(reviver(key, value))


def stringify(value: Any, replacer: Any = None, space: Any = None) -> str | None:
    """`JSON.stringify(value, replacer, space)`; None (undefined) for what JSON cannot say. Raises
    TypeError for bigints and circles."""
    allowed = None
    if isinstance(replacer, (JsArray, list)):
        allowed = frozenset(to_string(name) for name in replacer)
    writer = _Writer(_indent(space), allowed, replacer if callable(replacer) else None)
    try:
        return writer.text("", value, "")
    except RecursionError:
        raise JsException("RangeError", "Maximum call stack size exceeded") from None


def _indent(space: Any) -> str:
    if isinstance(space, str):
        return space[:10]
    if isinstance(space, (int, float)) and not isinstance(space, bool):
        return " " * max(0, min(10, int(space)))
    return ""


def quote(text: str) -> str:
    """A string literal of JSON; lone surrogates are escaped."""
    try:
        return orjson.dumps(text).decode()
    except orjson.JSONEncodeError:  # it has halves of characters
        return _LONE_SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", _encode_text(text))


class _Writer:
    """One run of stringify; `path` holds the objects under way with the keys that led to them."""

    def __init__(
        self, indent: str, allowed: frozenset[str] | None, replacer: Callable[..., Any] | None
    ) -> None:
        self.indent = indent
        self.allowed = allowed
        self.replacer = replacer
        self.path: list[tuple[Any, str]] = []

    def text(self, key: str, value: Any, margin: str) -> str | None:
        if isinstance(value, JsProxy):
            value = self.converted(key, value)
        if self.replacer is not None:
            value = self.replacer(key, value)
        if isinstance(value, str):
            return quote(value)
        if value is None or isinstance(value, (bool, int, float, JsNull)):
            return _scalar(value)
        if isinstance(value, JsArray):
            return self.array(key, value, margin)
        # A function says nothing; any other Python object is a PyProxy without own properties.
        if callable(value):
            return None
        return self.object(key, value, margin) if isinstance(value, JsProxy) else "{}"

    def converted(self, key: str, value: JsProxy) -> Any:
        """What `toJSON` makes of an object that has it."""
        if type(value) is JsArray:
            return value
        if type(value) is JsObject:
            own = value._props.get("toJSON")
            return own(key) if own is not None and callable(own) else value
        if isinstance(value, JsDoubleProxy):
            return value.unwrap()
        convert = getattr(value, "toJSON", None)
        return convert(key) if callable(convert) else value

    def enter(self, key: str, value: Any) -> None:
        if any(value is seen for seen, _ in self.path):
            raise type_error(self.circle(key, value))
        self.path.append((value, key))

    def array(self, key: str, value: JsArray, margin: str) -> str:
        self.enter(key, value)
        inner = margin + self.indent
        parts = [self.text(str(index), item, inner) or "null" for index, item in enumerate(value._items)]
        self.path.pop()
        return self.wrapped("[", parts, "]", margin)

    def object(self, key: str, value: JsProxy, margin: str) -> str:
        self.enter(key, value)
        inner, colon = margin + self.indent, ": " if self.indent else ":"
        parts = []
        for name, item in value._own_items():
            if self.allowed is not None and name not in self.allowed:
                continue
            written = self.text(name, item, inner)
            if written is not None:
                parts.append(quote(name) + colon + written)
        self.path.pop()
        return self.wrapped("{", parts, "}", margin)

    def wrapped(self, start: str, parts: list[str], end: str, margin: str) -> str:
        if not self.indent or not parts:
            return start + ",".join(parts) + end
        inner = "\n" + margin + self.indent
        return start + inner + f",{inner}".join(parts) + "\n" + margin + end

    def circle(self, key: str, value: Any) -> str:
        start = next(index for index, (seen, _) in enumerate(self.path) if seen is value)
        steps = [
            f"\n    |     {_step(name)} -> object with constructor '{seen.constructor.name}'"
            for seen, name in self.path[start + 1 :]
        ]
        if len(steps) > 3:
            steps[2:-1] = ["\n    |     ..."]
        return (
            "Converting circular structure to JSON\n"
            f"    --> starting at object with constructor '{value.constructor.name}'"
            f"{''.join(steps)}\n    --- {_step(key)} closes the circle"
        )


def _step(key: str) -> str:
    return f"index {key}" if key.isdigit() else f"property '{key}'"


def _scalar(value: Any) -> str | None:
    if type(value) is int and -_MAX_SAFE <= value <= _MAX_SAFE:
        return str(value)
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, JsNull):
        return "null"
    if isinstance(value, JsBigInt) or (isinstance(value, int) and abs(value) > _MAX_SAFE):
        raise type_error("Do not know how to serialize a BigInt")
    if isinstance(value, float):
        return number_to_string(value) if math.isfinite(value) else "null"
    return str(int(value))
