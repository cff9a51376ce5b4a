"""What both kinds of WebSocket connection share: asking the Worker, and what its answer means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.http.request import Request
from edge.http.response import Response
from edge.http.websocket import WebSocket
from edge.server.asgi import Scope
from edge.server.incoming import read_head

if TYPE_CHECKING:
    from edge.server.app import FrontDoor

#: Set by the handshake itself.
_OF_HANDSHAKE = frozenset(
    {"connection", "upgrade", "sec-websocket-accept", "sec-websocket-extensions", "sec-websocket-protocol"}
)


class Handshake:
    """A Worker's answer to an upgrade: either it took the socket, or it refuses with a response."""

    __slots__ = ("end", "request", "response")

    def __init__(self, request: Request, response: Response) -> None:
        self.request = request
        self.response = response
        self.end: WebSocket | None = response._web_socket if response.status == 101 else None

    @property
    def subprotocol(self) -> str | None:
        headers = self.response._headers
        return None if headers is None else headers.get_str("sec-websocket-protocol")

    def headers(self) -> list[tuple[str, str]]:
        """The Worker's own headers for the 101 response."""
        headers = self.response._headers
        items = [] if headers is None else headers.raw_items()
        return [
            (name, value) for name, value in items if name not in _OF_HANDSHAKE and name != "content-length"
        ]


async def ask(door: FrontDoor, scope: Scope) -> Handshake:
    """Let the Worker answer the upgrade. Raises InvalidTarget."""
    request = read_head(scope, None)
    if request.headers.get_str("upgrade") is None:
        request.headers.add("upgrade", "websocket")  # HTTP/2 upgrades without the header
    return Handshake(request, await door.answer(request))
