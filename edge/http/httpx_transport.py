"""The real network: HTTP through httpx, WebSockets through websockets.

Both libraries are imported at the first request, most runs of the emulator never make one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

from edge.http.headers import Headers
from edge.http.host import current_host
from edge.http.request import Request
from edge.http.response import Response
from edge.http.streams.readable import ReadableStream
from edge.http.streams.source import END
from edge.js.errors import JsException, error
from edge.kernel.tasks import spawn

if TYPE_CHECKING:
    import httpx

    from edge.kernel.clock import Clock

#: Headers that belong to the connection, not to the request.
_HOP_BY_HOP = frozenset({"connection", "host", "keep-alive", "te", "transfer-encoding", "upgrade"})
_CODINGS = frozenset({"gzip", "deflate"})


def connection_lost() -> JsException:
    """What a Worker sees when there is no connection, or none any more."""
    return error("Network connection lost.", retryable=True)


class HttpxTransport:
    """Sends requests over the network, bodies streaming both ways."""

    def __init__(
        self, *, keep_alive: bool = True, carrier: Callable[[], httpx.AsyncBaseTransport] | None = None
    ) -> None:
        """Without `keep_alive` a connection ends with its response: in virtual time an open one holds the
        clock. `carrier` makes what connects in the place of the network."""
        self._keep_alive = keep_alive
        self._carrier = carrier
        self._client: httpx.AsyncClient | None = None

    async def send(self, request: Request) -> Response:
        """One exchange, redirects not followed. Raises `Network connection lost.`"""
        if (request.headers.get_str("upgrade") or "").lower() == "websocket":
            from edge.http.websocket_client import upgrade

            return await upgrade(request)
        import httpx

        clock = current_host.get().clock
        try:
            with clock.hold(f"{request.method} {request.url}"):
                reply = await self._open().send(_outgoing(request), stream=True)
        except httpx.TransportError:
            raise connection_lost() from None
        return _incoming(reply, request.method, clock)

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def _open(self) -> httpx.AsyncClient:
        if self._client is None:
            import httpx

            # No limit on connections: waiting for one that nobody frees would be a hang.
            limits = httpx.Limits(
                max_connections=None, max_keepalive_connections=None if self._keep_alive else 0
            )
            self._client = httpx.AsyncClient(
                timeout=None,
                follow_redirects=False,
                trust_env=False,
                limits=limits,
                transport=None if self._carrier is None else self._carrier(),
            )
        return self._client


def _outgoing(request: Request) -> httpx.Request:
    import httpx

    payload = request.take_payload()
    headers = [item for item in request.headers.raw_items() if item[0] not in _HOP_BY_HOP]
    if request.headers.get_str("accept-encoding") is None:
        headers.append(("accept-encoding", "gzip"))
    content: bytes | AsyncIterator[bytes] | None = payload
    if isinstance(payload, ReadableStream):
        content = payload.chunks()
        if payload.length is not None and request.headers.get_str("content-length") is None:
            headers.append(("content-length", str(payload.length)))
    encoded = [(name.encode(), value.encode()) for name, value in headers]
    return httpx.Request(request.method, request.url, headers=encoded, content=content)


def _incoming(reply: httpx.Response, method: str, clock: Clock) -> Response:
    items = [(name.decode().lower(), _text(value)) for name, value in reply.headers.raw]
    coding = reply.headers.get("content-encoding", "").lower()
    empty = method == "HEAD" or reply.status_code in (101, 204, 205, 304)
    if coding in _CODINGS and not empty:
        # What the Worker reads is decoded, so these two would no longer be true.
        items = [item for item in items if item[0] not in ("content-encoding", "content-length")]
    length = next((int(value) for name, value in items if name == "content-length" and value.isdigit()), None)
    source = _Reply(reply, coding in _CODINGS, clock)
    payload = None if empty else ReadableStream(source, length)
    return Response.make(payload, reply.status_code, reply.reason_phrase, Headers(items, True))


class _Reply:
    """The body of a reply as the source of a stream.

    Each step is a task of its own: httpx ties its time-outs to the task it runs in, while a stream may
    be read from many, and by promises that move from one task to another.
    """

    def __init__(self, reply: httpx.Response, decode: bool, clock: Clock) -> None:
        self._reply = reply
        self._chunks = reply.aiter_bytes() if decode else reply.aiter_raw()
        self._clock = clock
        self._loop = asyncio.get_running_loop()

    async def pull(self) -> Any:
        chunk = await spawn(self._read(), name="fetch.read")
        if chunk is None:
            await self.cancel(None)
            return END
        return chunk

    async def _read(self) -> bytes | None:
        import httpx

        try:
            with self._clock.hold():
                return await anext(self._chunks, None)
        except (httpx.TransportError, httpx.DecodingError):
            raise connection_lost() from None

    async def cancel(self, reason: Any) -> None:
        await spawn(self._reply.aclose(), name="fetch.close")

    def __del__(self) -> None:
        # A body that nobody reads must give its connection back.
        if not self._reply.is_closed and not self._loop.is_closed():
            close = self._reply.aclose
            self._loop.call_soon(lambda: spawn(close(), name="fetch.close"))


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
