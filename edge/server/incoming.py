"""From an ASGI scope to a Request: URL, headers, body.

Source: spec runtime.md section 4 (what dev puts into headers and `cf`).
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from typing import Any

from edge.http.request import Request
from edge.http.url import try_normalise
from edge.js.errors import JsException
from edge.server.asgi import Receive, Scope
from edge.server.cf import cf_object

#: What the Worker sees whatever the client accepts; the client's own stands in `request.cf`.
_ACCEPT_ENCODING = ("accept-encoding", "br, gzip")
_SCHEMES = {"ws": "http", "wss": "https"}
#: Targets that stand for themselves in a URL: no dot segments, nothing to encode.
_PLAIN_TARGET = re.compile(
    rb"/(?:[A-Za-z0-9_~!$&()*+,;=:@\-]|(?<!/)\.|/(?!\.))*(?:\?[A-Za-z0-9_.~!$&()*+,;=:@/?%\-]*)?"
)
_ORIGINS_MAX = 256

_origins: dict[tuple[str, bytes | None], str] = {}


class InvalidTarget(Exception):
    """The request's target makes no URL."""


class IncomingBody:
    """A body that is still arriving, read by the Worker at its own pace."""

    __slots__ = ("_first", "_receive", "complete", "when_complete")

    def __init__(self, first: bytes, receive: Receive) -> None:
        self._first = first
        self._receive = receive
        self.complete = False
        #: Called once the last part has been read (the connection is then free to be watched).
        self.when_complete: Callable[[], None] | None = None

    async def parts(self) -> AsyncIterator[bytes]:
        """The parts as they come. Raises JsException when the client goes away before the end."""
        if self._first:
            yield self._first
        while not self.complete:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise JsException("Error", "Network connection lost.", retryable=True)
            if not message.get("more_body", False):
                self._finish()
            if part := message.get("body", b""):
                yield bytes(part)

    def _finish(self) -> None:
        self.complete = True
        if self.when_complete is not None:
            self.when_complete()


def read_head(scope: Scope, body: bytes | AsyncIterator[bytes] | None) -> Request:
    """The Request of `scope`. Raises InvalidTarget."""
    headers: list[tuple[str, str]] = []
    host = accept_encoding = None
    has_ip = False
    for name, value in scope["headers"]:
        if name == b"host":
            host = value
        elif name == b"accept-encoding":
            accept_encoding = value
            continue
        elif name == b"cf-connecting-ip":
            has_ip = True
        headers.append((name.decode("latin-1"), value.decode("latin-1")))
    headers.append(_ACCEPT_ENCODING)
    if not has_ip and scope.get("client"):
        headers.append(("cf-connecting-ip", scope["client"][0]))
    url = _url(scope, host)
    return Request.incoming(scope.get("method", "GET"), url, headers, body, cf=cf_object(accept_encoding))


async def read_body(scope: Scope, receive: Receive) -> bytes | IncomingBody | None:
    """The body in one piece when it has arrived, else as something to read on, None without one."""
    if not _announces_body(scope):
        return None
    message = await receive()
    if message["type"] == "http.disconnect":
        return IncomingBody(b"", receive)
    first = bytes(message.get("body", b""))
    return IncomingBody(first, receive) if message.get("more_body", False) else first


def _announces_body(scope: Scope) -> bool:
    if scope["http_version"] not in ("1.0", "1.1"):
        return scope["method"] not in ("GET", "HEAD")  # HTTP/2 and 3 frame bodies without a header
    for name, value in scope["headers"]:
        if name == b"content-length":
            return bool(value.strip(b"0 "))
        if name == b"transfer-encoding":
            return True
    return False


def _url(scope: Scope, host: bytes | None) -> str:
    target: bytes | None = scope.get("edge.target")
    if target is None:
        target = scope.get("raw_path") or scope["path"].encode()
        if scope["query_string"]:
            target += b"?" + scope["query_string"]
    origin = _origin(scope, host)
    if _PLAIN_TARGET.fullmatch(target) is not None:
        return origin + target.decode("ascii")
    try:
        text = target.decode("ascii")
    except UnicodeDecodeError:
        raise InvalidTarget from None
    if not text.startswith("/"):
        # A proxy's client sends the whole URL as the target, `OPTIONS *` none at all.
        text = f"{origin}/*" if text == "*" else text
        origin = ""
    url = try_normalise(origin + text)
    if url is None:
        raise InvalidTarget
    return url


def _origin(scope: Scope, host: bytes | None) -> str:
    """Scheme and authority in normal form; clients send the same few over and over."""
    key = (scope["scheme"], host)
    found = _origins.get(key)
    if found is None:
        scheme = _SCHEMES.get(scope["scheme"], scope["scheme"])
        authority = host.decode("latin-1") if host else _server(scope)
        url = try_normalise(f"{scheme}://{authority}/")
        if url is None or not url.endswith("/") or url.count("/") != 3:
            raise InvalidTarget
        found = url[:-1]
        if host and len(_origins) < _ORIGINS_MAX:
            _origins[key] = found
    return found


def _server(scope: Scope) -> str:
    server: Any = scope.get("server")
    if not server:
        return "localhost"
    return f"{server[0]}:{server[1]}" if server[1] else str(server[0])
