"""Response.

Source: spec runtime.md section 4.
"""

from __future__ import annotations

import asyncio
import logging
import re
from typing import Any, ClassVar

from edge.http.body import Body, Payload, extract
from edge.http.headers import Headers
from edge.http.init import given, member
from edge.http.status import STATUS_TEXTS
from edge.http.streams import ReadableStream
from edge.http.url import try_normalise
from edge.http.websocket import WebSocket
from edge.js.errors import range_error, type_error
from edge.js.proxy import jsnull
from edge.js.webidl import to_int32, to_string

_NULL_BODY = frozenset({101, 204, 205, 304})
REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
_EMPTY_BODY = (
    "a Response with the null body status %d was given an empty body that is not null: "
    "pass None (JavaScript: null) instead"
)
_log = logging.getLogger("edge.worker")
_CONTROL = re.compile(r"[\0-\x1f]")


class Response(Body, js_name="Response"):
    """An HTTP response."""

    __slots__ = (
        "_encoded",
        "_headers",
        "_status_text",
        "_web_socket",
        "cf",
        "redirected",
        "status",
        "type",
        "url",
    )

    _headers: Headers | None
    _web_socket: WebSocket | None
    status: int
    _status_text: str
    #: Whether the body is encoded already as its Content-Encoding says (`encodeBody: "manual"`).
    _encoded: bool
    url: str
    redirected: bool
    type: str
    cf: Any

    @classmethod
    def make(
        cls,
        payload: Payload = None,
        status: int = 200,
        status_text: str = "",
        headers: Headers | None = None,
        web_socket: WebSocket | None = None,
    ) -> Response:
        """A response made inside the emulator; nothing is checked and no Content-Type is added."""
        self = cls.__new__(cls)
        self._payload = payload
        self._used = False
        self.status = status
        self._status_text = status_text
        self._encoded = False
        self._headers = headers
        self._web_socket = web_socket
        self.url = ""
        self.redirected = False
        self.type = "default"
        self.cf = None
        return self

    def ended(self) -> asyncio.Future[None] | None:
        """A future that settles when this response is over: its streamed body at an end, its socket
        closed. None when it is over as it stands."""
        if self._web_socket is not None:
            return self._web_socket._until_end()
        return self._payload.ended() if isinstance(self._payload, ReadableStream) else None

    @classmethod
    def js_new(cls, body: Any = None, init: Any = None, *_: Any) -> Response:
        """`new Response(body, init)`; raises TypeError and RangeError with workerd's texts."""
        status = 200 if (value := member(init, "status")) is None else to_int32(value)
        socket = member(init, "webSocket")
        payload, content_type = extract(body)
        headers = Headers.js_new(member(init, "headers"))
        status_text = checked_status_text(member(init, "statusText"))
        self = cls.build(
            payload, content_type, (status, status_text), headers, socket if given(socket) else None
        )
        self.cf = member(init, "cf")
        self._encoded = _is_encoded(member(init, "encodeBody"))
        return self

    @classmethod
    def build(
        cls,
        payload: Payload,
        content_type: str | None,
        status: tuple[int, str],
        headers: Headers,
        web_socket: WebSocket | None = None,
    ) -> Response:
        """`new Response` for native callers: the payload's default type is added, the status checked.

        Takes `headers` over. Raises TypeError and RangeError with workerd's texts.
        """
        code, text = status
        _check_status(code, web_socket)
        if payload is not None and code in _NULL_BODY:
            if payload != b"":
                raise type_error("Response with null body status (101, 204, 205, or 304) cannot have a body.")
            _log.warning(_EMPTY_BODY, code)
            payload = None
        if content_type is not None and payload is not None and headers.get_str("content-type") is None:
            headers.add("content-type", content_type)
        return cls.make(payload, code, text, headers, web_socket)

    @staticmethod
    def json_(value: Any = None, init: Any = None) -> Response:
        """`Response.json(value, init)`."""
        from edge.js.json_text import stringify

        text = stringify(value)
        if text is None:
            raise type_error("Value is not JSON serializable")
        response = Response.js_new(text, init)
        given_headers = Headers.js_new(member(init, "headers"))
        if given_headers.get_str("content-type") is None:
            response.headers.replace("content-type", "application/json")
        return response

    @staticmethod
    def redirect(url: Any, status: Any = None) -> Response:
        """`Response.redirect(url, status)`: 302 unless given."""
        code = 302 if status is None else to_int32(status)
        if code not in REDIRECT_STATUSES:
            raise range_error(
                f"{code} is not a redirect status code. It must be one of: 301, 302, 303, 307, or 308."
            )
        location = try_normalise(to_string(url))
        if location is None:
            raise type_error(f"Unable to parse URL: {to_string(url)}")
        return Response.make(None, code, "", Headers([("location", location)], True))

    @staticmethod
    def error() -> Response:
        """`Response.error()`: a network error; workerd refuses to send it."""
        response = Response.make(None, 0, "", Headers((), True))
        response.type = "error"
        return response

    def _content_type(self) -> str | None:
        return None if self._headers is None else self._headers.get_str("content-type")

    # -- JavaScript -----------------------------------------------------------------------------

    @property
    def headers(self) -> Headers:
        headers = self._headers
        if headers is None:
            headers = self._headers = Headers()
        return headers

    @property
    def statusText(self) -> str:
        """What the response was given, else the usual text of its status."""
        return self._status_text or STATUS_TEXTS.get(self.status, "")

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def webSocket(self) -> Any:
        return jsnull if self._web_socket is None else self._web_socket

    def clone(self) -> Response:
        if self._web_socket is not None:
            raise type_error("Cannot clone a response to a WebSocket handshake.")
        copy = Response.make(self._clone_payload(), self.status, self._status_text, self.headers.copy())
        copy.url, copy.redirected, copy.type, copy.cf = self.url, self.redirected, self.type, self.cf
        copy._encoded = self._encoded
        return copy

    _js_statics: ClassVar[dict[str, Any]] = {"json": json_, "redirect": redirect, "error": error}


def _is_encoded(value: Any) -> bool:
    if value is None or value == "automatic":
        return False
    if value != "manual":
        raise type_error(f"encodeBody: unexpected value: {to_string(value)}")
    return True


def _check_status(status: int, socket: Any) -> None:
    if socket is not None:
        if status != 101:
            raise range_error("Responses with a WebSocket must have status code 101.")
    elif not 200 <= status <= 599:
        raise range_error(
            "Responses may only be constructed with status codes in the range 200 to 599, inclusive."
        )


def checked_status_text(value: Any) -> str:
    if not given(value):
        return ""
    text = to_string(value)
    if _CONTROL.search(text):
        raise type_error("Invalid statusText")
    return text
