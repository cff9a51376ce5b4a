"""The server's end of a WebSocket: what arrives goes to a handler, one message after the other.

Source: spec sandbox-and-containers.md sections 5.9 and 7.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from edge.http.request import Request
from edge.http.response import Response
from edge.http.websocket import WebSocketPair
from edge.js.errors import JsException
from sandbox.server.errors import ApiError
from sandbox.server.json_body import written


class Socket:
    """One connection. `on_text` and `on_bytes` are called for messages, `on_end` once at the end."""

    def __init__(self) -> None:
        pair = WebSocketPair()
        self._own, self._theirs = pair[0], pair[1]
        self.open = True
        self.on_text: Callable[[str], None] = lambda text: None
        self.on_bytes: Callable[[bytes], None] = lambda data: None
        self.on_end: Callable[[], None] = lambda: None

    def start(self) -> Response:
        """The 101 response; messages arrive from now on."""
        self._own._attach(self)
        return Response.make(None, 101, web_socket=self._theirs)

    def send(self, data: bytes) -> None:
        if self.open:
            self._own._send(data)

    def send_json(self, value: Mapping[str, Any]) -> None:
        if self.open:
            self._own._send(written(value).decode())

    def close(self, code: int = 1000, reason: str = "") -> None:
        if self.open:
            self.open = False
            self._own._close(code, reason)
            self.on_end()

    # -- Sink -------------------------------------------------------------------------------------

    def on_message(self, data: str | bytes) -> None:
        if isinstance(data, str):
            self.on_text(data)
        else:
            self.on_bytes(data)

    def on_close(self, code: int, reason: str, was_clean: bool) -> None:
        self.close()

    def on_error(self, reason: JsException) -> None:
        self.close(1011)


def check_upgrade(request: Request) -> None:
    """Raises ApiError for a request that is no WebSocket handshake."""
    if (request.headers.get_str("upgrade") or "").lower() != "websocket":
        raise ApiError("VALIDATION_FAILED", "Expected a WebSocket upgrade request")
