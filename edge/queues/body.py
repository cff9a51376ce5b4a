"""Message bodies: from a JavaScript value to bytes and back, by content type.

Source: spec runtime.md section 11, recordings `queue_delivery` and `queue_errors`.
"""

from __future__ import annotations

from typing import Any

from edge.http.buffers import decode_text, encode_text, uint8array
from edge.js.buffers import JsBufferView
from edge.js.errors import type_error
from edge.js.json_text import parse, stringify
from edge.js.v8 import deserialize, serialize

CONTENT_TYPES = ("text", "bytes", "json", "v8")


def checked_content_type(name: str) -> str:
    """A content type in its usual spelling. Raises TypeError for one that does not exist."""
    if name.lower() not in CONTENT_TYPES:
        raise type_error(f"Unsupported queue message content type: {name}")
    return name.lower()


def to_bytes(value: Any, content_type: str) -> bytes:
    """`value` as it is sent. Raises TypeError when it does not fit, DataCloneError when it cannot be
    copied."""
    if content_type == "text":
        if not isinstance(value, str):
            raise _misfit("text", "string", value)
        return encode_text(value)
    if content_type == "bytes":
        if not isinstance(value, JsBufferView):
            raise _misfit("bytes", "ArrayBufferView", value)
        return bytes(value)
    if content_type == "json":
        text = stringify(value)
        return encode_text("undefined" if text is None else text)
    return serialize(value)


def from_bytes(body: bytes, content_type: str) -> Any:
    """The value that a consumer gets. Raises SyntaxError for what is no JSON."""
    if content_type == "text":
        return decode_text(body)
    if content_type == "bytes":
        return uint8array(body)
    if content_type == "json":
        return parse(decode_text(body))
    return deserialize(body)


def _misfit(content_type: str, wanted: str, value: Any) -> Exception:
    return type_error(
        f'Content Type "{content_type}" requires a value of type {wanted}, but received: {_typeof(value)}'
    )


def _typeof(value: Any) -> str:
    if isinstance(value, str):
        return "string"
    if isinstance(value, bool):
        return "boolean"
    named: str | None = getattr(value, "typeof", None)
    return named or ("number" if isinstance(value, (int, float)) else "undefined")
