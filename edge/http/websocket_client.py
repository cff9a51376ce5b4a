"""Outgoing WebSocket connections: `fetch` with `Upgrade: websocket`, and `new WebSocket(url)`.

Source: spec runtime.md section 5.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import ada_url

from edge.errors import UnsupportedError
from edge.http.events import CloseEvent, ErrorEvent, Event
from edge.http.frames import DROPPED, NO_CODE
from edge.http.headers import Headers
from edge.http.host import current_host
from edge.http.init import given
from edge.http.request import Request
from edge.http.response import Response
from edge.http.subrequests import spend
from edge.http.websocket import WebSocket, WebSocketPair
from edge.js.errors import JsException, type_error
from edge.js.webidl import to_string
from edge.kernel.tasks import before_output, log_failure, spawn

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

MESSAGE_BYTES_MAX: Final = 32 * 1024 * 1024
HANDSHAKE: Final = frozenset(
    {
        "connection",
        "content-length",
        "host",
        "sec-websocket-extensions",
        "sec-websocket-key",
        "sec-websocket-protocol",
        "sec-websocket-version",
        "upgrade",
    }
)


async def upgrade(request: Request) -> Response:
    """Open a connection; a Response with `webSocket`, or the server's refusal as an ordinary Response.

    Raises `Network connection lost.` (retryable).
    """
    from websockets.exceptions import InvalidHandshake, InvalidStatus

    from edge.http.httpx_transport import connection_lost

    try:
        with current_host.get().clock.hold():
            connection = await _connect(request)
    except InvalidStatus as refusal:
        reply = refusal.response
        items = [(name.lower(), value) for name, value in reply.headers.raw_items()]
        return Response.make(
            bytes(reply.body or b""), reply.status_code, reply.reason_phrase, Headers(items, True)
        )
    except (InvalidHandshake, OSError, EOFError):
        raise connection_lost() from None
    assert connection.response is not None, "connected without a handshake response"
    items = [(name.lower(), value) for name, value in connection.response.headers.raw_items()]
    return Response.make(None, 101, "Switching Protocols", Headers(items, True), bridge(connection))


async def _connect(request: Request) -> ClientConnection:
    from websockets.asyncio.client import connect

    class _Once(connect):
        """A connection attempt that leaves redirects to the caller."""

        def process_redirect(self, exc: Exception) -> Exception | str:
            return exc

    url = request.url.replace("http", "ws", 1)
    protocols = request.headers.get_str("sec-websocket-protocol")
    return await _Once(
        url,
        additional_headers=[item for item in request.headers.raw_items() if item[0] not in HANDSHAKE],
        subprotocols=None if protocols is None else _subprotocols(protocols),
        user_agent_header=None,
        compression=None,
        open_timeout=None,
        ping_interval=None,
        max_size=MESSAGE_BYTES_MAX,
        proxy=None,
    )


def _subprotocols(header: str) -> Sequence[Any]:
    return [name.strip() for name in header.split(",")]


def bridge(connection: ClientConnection) -> WebSocket:
    """The Worker's end of a real connection."""
    pair = WebSocketPair()
    local, remote = pair._ends
    wire = _Wire(connection, remote)
    remote._attach(wire)
    wire.start()
    return local


class Outgoing:
    """What one end of a pair sends, waiting to leave over a real connection (`edge.http.frames.Sink`)."""

    def __init__(self) -> None:
        #: Messages, a Close as its code and reason, and None when nobody takes any more.
        self.frames: asyncio.Queue[str | bytes | tuple[int, str] | None] = asyncio.Queue()

    def on_message(self, data: str | bytes) -> None:
        self.frames.put_nowait(data)

    def on_close(self, code: int, reason: str, was_clean: bool) -> None:
        self.frames.put_nowait((code, reason) if was_clean else (1011, ""))

    def on_error(self, reason: JsException) -> None:
        self.frames.put_nowait((1011, ""))


class _Wire(Outgoing):
    """Carries frames between the far end of a pair and a real connection."""

    def __init__(self, connection: ClientConnection, end: WebSocket) -> None:
        self._connection = connection
        self._end = end
        super().__init__()
        self._clock = current_host.get().clock

    def start(self) -> None:
        for work, name in ((self._read(), "websocket.read"), (self._write(), "websocket.write")):
            spawn(work, name=name).add_done_callback(log_failure)

    async def _read(self) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            while True:
                self._end._send(await self._connection.recv())
        except ConnectionClosed as closed:
            if closed.rcvd is None:
                self._end._drop()
            else:
                self._end._close(int(closed.rcvd.code), closed.rcvd.reason)
        finally:
            self.frames.put_nowait(None)

    async def _write(self) -> None:
        from websockets.exceptions import ConnectionClosed

        while (frame := await self.frames.get()) is not None:
            try:
                if isinstance(frame, tuple):
                    code, reason = frame
                    await self._connection.close(1000 if code in (NO_CODE, DROPPED) else code, reason)
                else:
                    await self._connection.send(frame)
            except ConnectionClosed:
                return  # the reader reports it


def open_socket(url: Any, protocols: Any) -> WebSocket:
    """`new WebSocket(url, protocols)`: an end that is connecting. Raises SyntaxError for a bad URL."""
    href = _socket_url(to_string(url))
    socket = WebSocket()
    socket._url = href
    socket._connecting = True
    headers = Headers([("upgrade", "websocket")])
    if given(protocols):
        names = [protocols] if isinstance(protocols, str) else [to_string(name) for name in protocols]
        headers.add("sec-websocket-protocol", ", ".join(names))
    request = Request.make(href.replace("ws", "http", 1), headers=headers)
    spawn(_establish(socket, request), name="websocket.connect").add_done_callback(log_failure)
    return socket


def _socket_url(text: str) -> str:
    try:
        url = ada_url.URL(text)
    except ValueError:
        raise JsException("SyntaxError", "WebSocket Constructor: The url is invalid.") from None
    if url.protocol in ("http:", "https:"):
        url.protocol = url.protocol.replace("http", "ws")
    if url.protocol not in ("ws:", "wss:"):
        raise JsException("SyntaxError", "WebSocket Constructor: The url scheme must be ws or wss.")
    if url.hash:
        raise JsException("SyntaxError", "WebSocket Constructor: The url fragment must be empty.")
    href: str = url.href
    return href


async def _establish(socket: WebSocket, request: Request) -> None:
    transport = current_host.get().outbound
    if transport is None:
        raise UnsupportedError(f"this world has no way out: new WebSocket({request.url})")
    try:
        spend()
        await before_output()
        response = await transport.send(request)
        if response._web_socket is None:
            raise type_error(
                "Failed to establish the WebSocket connection: expected server to reply with HTTP status "
                f"code 101 (switching protocols), but received {response.status} instead."
            )
    except JsException as reason:
        _give_up(socket, reason)
        return
    if not socket._connecting:  # closed while connecting
        response._web_socket._drop()
        return
    _take_over(socket, response._web_socket)
    socket._protocol = response.headers.get_str("sec-websocket-protocol") or ""
    socket._extensions = response.headers.get_str("sec-websocket-extensions") or ""
    socket._connecting = False
    socket._begin_events()
    socket.dispatchEvent(Event("open"))


def _take_over(socket: WebSocket, end: WebSocket) -> None:
    """Put `socket` in the place of `end`, which nobody has seen."""
    socket._peer, socket._inbox = end._peer, end._inbox
    if socket._peer is not None:
        socket._peer._peer = socket


def _give_up(socket: WebSocket, reason: JsException) -> None:
    if not socket._connecting:
        return
    socket._connecting = False
    socket._failed = socket._lost = socket._sent_close = socket._got_close = True
    socket.dispatchEvent(ErrorEvent(reason.message, reason))
    socket.dispatchEvent(CloseEvent(DROPPED, "Failed to establish websocket connection", False))
