"""Request.

Source: spec runtime.md section 4; the attributes that workerd lacks (`credentials`, `mode`, …) are
absent here too.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, ClassVar

from edge.http.body import Body, Payload, extract
from edge.http.headers import Headers
from edge.http.init import given, member
from edge.http.streams.readable import ReadableStream
from edge.http.url import normalise, try_normalise
from edge.js.errors import type_error
from edge.js.proxy import jsnull
from edge.js.webidl import to_string

#: The methods workerd knows; all others are refused by `new Request`.
METHODS = frozenset(
    [
        "GET",
        "HEAD",
        "POST",
        "PUT",
        "DELETE",
        "CONNECT",
        "OPTIONS",
        "TRACE",
        "PATCH",
        "PURGE",
        "COPY",
        "LOCK",
        "MKCOL",
        "MOVE",
        "PROPFIND",
        "PROPPATCH",
        "SEARCH",
        "UNLOCK",
        "ACL",
        "REPORT",
        "MKACTIVITY",
        "CHECKOUT",
        "MERGE",
        "MSEARCH",
        "NOTIFY",
        "SUBSCRIBE",
        "UNSUBSCRIBE",
        "QUERY",
    ]
)
_REDIRECT = (
    'Invalid redirect value, must be one of "follow" or "manual" ("error" won\'t be implemented since it '
    'does not make sense at the edge; use "manual" and check the response status code).'
)


class Request(Body, js_name="Request"):
    """An HTTP request, coming in or going out."""

    __slots__ = ("_cf", "_headers", "_raw_url", "_signal", "_url", "method", "redirect")

    _js_statics: ClassVar[dict[str, Any]] = {}
    _cf: Any
    _headers: Headers
    _raw_url: str | None  # as it came in, until somebody asks for the URL
    _signal: Any
    _url: str
    method: str
    redirect: str

    @classmethod
    def incoming(
        cls,
        method: str,
        url: str,
        headers: list[tuple[str, str]],
        body: bytes | AsyncIterator[bytes] | None = None,
        *,
        cf: Any = None,
        signal: Any = None,
    ) -> Request:
        """A request from outside; `url` is absolute, header names are in lower case. The URL is
        normalised when it is first read.

        The headers are immutable, and redirects of a fetch with it are not followed.
        """
        self = cls.__new__(cls)
        self.method = method
        self._raw_url = url
        self._headers = Headers(headers, True)
        if body is None or isinstance(body, bytes):
            self._payload = body
        else:
            told = self._headers.get_str("content-length")
            length = int(told) if told is not None and told.isascii() and told.isdigit() else None
            self._payload = ReadableStream.from_chunks(body, length)
        self._used = False
        self._cf = cf
        self._signal = signal
        self.redirect = "manual"
        return self

    @classmethod
    def make(
        cls,
        url: str,
        *,
        method: str = "GET",
        headers: Headers | None = None,
        payload: Payload = None,
        redirect: str = "follow",
    ) -> Request:
        """A request made inside the emulator; nothing is checked."""
        self = cls.__new__(cls)
        self.method = method
        self._raw_url = None
        self._url = url
        self._headers = Headers() if headers is None else headers
        self._payload = payload
        self._used = False
        self._cf = self._signal = None
        self.redirect = redirect
        return self

    @classmethod
    def js_new(cls, source: Any = None, init: Any = None, *_: Any) -> Request:
        """`new Request(input, init)`; raises TypeError with workerd's texts."""
        self = cls.make("")
        if isinstance(source, Request):
            self._copy(source, with_body=not given(member(init, "body")))
        else:
            self._url = normalise(to_string(source))
        if given(init):
            self._apply(init)
        if self._payload is not None and self.method in ("GET", "HEAD"):
            raise type_error("Request with a GET or HEAD method cannot have a body.")
        return self

    def _copy(self, source: Request, *, with_body: bool) -> None:
        if with_body and source.bodyUsed:
            raise type_error("Cannot reconstruct a Request with a used body.")
        self.method = source.method
        self._url = source.url
        self._headers = source._headers.copy()
        self.redirect = source.redirect
        self._cf = source._cf
        self._signal = source._signal
        if with_body:
            self._payload = source.take_payload()

    def _apply(self, init: Any) -> None:
        if (method := member(init, "method")) is not None:
            self.method = method_name(method)
        if given(headers := member(init, "headers")):
            self._headers = Headers.js_new(headers)
        if (redirect := member(init, "redirect")) is not None:
            self.redirect = _redirect_mode(redirect)
        if given(cf := member(init, "cf")):
            self._cf = cf
        if (signal := member(init, "signal")) is not None:
            self._signal = None if signal is jsnull else signal
        if given(body := member(init, "body")):
            self._payload, content_type = extract(body)
            if content_type is not None and self._headers.get_str("content-type") is None:
                self._headers.add("content-type", content_type)

    def _content_type(self) -> str | None:
        return self._headers.get_str("content-type")

    # -- JavaScript -----------------------------------------------------------------------------

    @property
    def url(self) -> str:
        raw = self._raw_url
        if raw is not None:
            self._raw_url = None
            self._url = try_normalise(raw) or raw
        return self._url

    @property
    def headers(self) -> Headers:
        return self._headers

    @property
    def cf(self) -> Any:
        return self._cf

    @property
    def signal(self) -> Any:
        """The signal given, else one that never fires."""
        if self._signal is None:
            from edge.http.abort import AbortSignal

            self._signal = AbortSignal()
        return self._signal

    @property
    def fetcher(self) -> Any:
        return jsnull

    @property
    def integrity(self) -> str:
        return ""

    @property
    def keepalive(self) -> bool:
        return False

    @property
    def cache(self) -> Any:
        return None

    def clone(self) -> Request:
        copy = Request.make(self.url, method=self.method, redirect=self.redirect)
        copy._payload = self._clone_payload()
        copy._headers = self._headers.copy(self._headers._immutable)
        copy._cf = self._cf
        copy._signal = self._signal
        return copy


def method_name(value: Any) -> str:
    """An HTTP method in upper case. Raises TypeError for one workerd does not know."""
    text = to_string(value)
    name = text.upper()
    if name not in METHODS:
        raise type_error(f"Invalid HTTP method string: {text}")
    return name


def _redirect_mode(value: Any) -> str:
    mode = to_string(value)
    if mode not in ("follow", "manual"):
        raise type_error(_REDIRECT)
    return mode
