"""Options of `ctx.container` as JavaScript gives them."""

from __future__ import annotations

from typing import Any

from edge.http.buffers import encode_text
from edge.js.errors import error
from edge.js.objects import get_property, own_items
from edge.js.proxy import JsNull
from edge.js.webidl import to_string

_LABELS_MAX = 10
_NAME_BYTES_MAX = 16
_VALUE_BYTES_MAX = 64


def absent(value: Any) -> bool:
    return value is None or isinstance(value, JsNull)


def record(options: Any, name: str, *, check: bool = False) -> dict[str, str]:
    """An object of texts; `check`: as variables of an environment. Raises Error."""
    given = get_property(options, name)
    if absent(given):
        return {}
    found = {key: to_string(value) for key, value in own_items(given)}
    for key, value in found.items():
        if check and "=" in key:
            raise error(f"Environment variable names cannot contain '=': {key}")
        if check and (not key or "\0" in key or "\0" in value):
            raise error("Environment variable names cannot be empty or contain '\\0'")
    return found


def labels_of(given: Any) -> dict[str, str]:
    """Labels of a container. Raises Error."""
    labels = {} if absent(given) else {key: to_string(value) for key, value in own_items(given)}
    if len(labels) > _LABELS_MAX:
        raise error(f"Cannot specify more than {_LABELS_MAX} container labels")
    for index, (name, value) in enumerate(labels.items()):
        if not name:
            raise error("Label names cannot be empty")
        parts = (("names", name, _NAME_BYTES_MAX), ("values", value, _VALUE_BYTES_MAX))
        for what, text, most in parts:
            if len(encode_text(text)) > most:
                raise error(f"Label {what} cannot exceed {most} bytes (index {index})")
        for what, text, _ in parts:
            if any(ord(char) < 0x20 for char in text):
                raise error(f"Label {what} cannot contain control characters (index {index})")
    return labels
