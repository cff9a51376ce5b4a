"""Headers on their way between Python and JavaScript (spec python-workers.md sections 2.4 and 2.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edge.http.headers import Headers as JsHeaders

if TYPE_CHECKING:
    from wrangler_compat.modules.sdk.message import HTTPMessageMapping


def to_js_headers(headers: Any) -> JsHeaders:
    """JavaScript Headers from a dict, a list of pairs, or themselves. Raises TypeError."""
    if isinstance(headers, list):
        return JsHeaders.js_new(headers)
    if isinstance(headers, dict):
        return JsHeaders.js_new(headers.items())
    if isinstance(headers, JsHeaders):
        return headers
    raise TypeError("Received unexpected type for headers argument")


def fresh_headers(headers: Any) -> JsHeaders:
    """As `to_js_headers`, for a new owner: JavaScript Headers that were passed are copied."""
    converted = to_js_headers(headers)
    return converted.copy() if converted is headers else converted


def to_message(headers: JsHeaders) -> HTTPMessageMapping:
    """One entry for each name, values joined with `, `; Set-Cookie first and one entry for each."""
    from wrangler_compat.modules.sdk.message import HTTPMessageMapping

    pairs = headers._pairs()
    cookies = [("Set-Cookie", value.strip()) for name, value in pairs if name == "set-cookie"]
    others = [(name, value.strip()) for name, value in pairs if name != "set-cookie"]
    return HTTPMessageMapping.of([*cookies, *others])


def to_message_splitting_commas(headers: JsHeaders) -> HTTPMessageMapping:
    """The rule before 2026-02-17: every comma begins a repeated header."""
    from wrangler_compat.modules.sdk.message import HTTPMessageMapping

    pairs = headers._pairs()
    return HTTPMessageMapping.of((name, part.strip()) for name, value in pairs for part in value.split(","))
