"""WebSockets through ASGI messages, for servers other than uvicorn.

Here the server answers the client's Close frame by itself; with uvicorn (`uvicorn_socket`) the Worker does.

Source: spec runtime.md section 5; ASGI specification, "WebSocket".
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from edge.http.websocket import DROPPED, NO_CODE
from edge.js.errors import JsException
from edge.kernel.tasks import spawn
from edge.server.asgi import Message, Receive, Scope, Send
from edge.server.incoming import InvalidTarget
from edge.server.outgoing import AsgiExchange, header_list, plain
from edge.server.socket_handshake import Handshake, ask

if TYPE_CHECKING:
    from edge.http.response import Response
    from edge.server.app import FrontDoor


async def serve_socket(door: FrontDoor, scope: Scope, receive: Receive, send: Send) -> None:
    """Handle one ASGI websocket scope to its end."""
    started_s = door.clock.monotonic()
    await receive()  # websocket.connect
    try:
        handshake = await ask(door, scope)
    except InvalidTarget:
        await _refuse(plain(400, "invalid URI"), scope, send)
        return
    door.told(handshake.request, handshake.response, started_s)
    if handshake.end is None:
        await _refuse(handshake.response, scope, send)
        return
    await _converse(handshake, receive, send)


async def _converse(handshake: Handshake, receive: Receive, send: Send) -> None:
    assert handshake.end is not None
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in handshake.headers()]
    await send({"type": "websocket.accept", "subprotocol": handshake.subprotocol, "headers": headers})
    end, outgoing = handshake.end, _Outgoing()
    end._attach(outgoing)
    sender = spawn(outgoing.send_all(send), name="websocket sender")
    try:
        while (message := await receive())["type"] == "websocket.receive":
            text = message.get("text")
            end._send(text if text is not None else bytes(message["bytes"]))
        code = message.get("code", NO_CODE)
        if code == DROPPED:
            end._drop()
        else:
            end._close(code, message.get("reason") or "")
    finally:
        sender.cancel()


async def _refuse(response: Response, scope: Scope, send: Send) -> None:
    """Answer an upgrade with an HTTP response, where the server can."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1000})
        return

    async def renamed(message: Message) -> None:
        await send({**message, "type": f"websocket.{message['type']}"})

    body = await response.read_bytes()
    exchange = AsgiExchange(renamed)
    await exchange.answer(response.status, "", header_list(response, len(body)), body)


class _Outgoing:
    """A sink that keeps what the Worker sends until the connection takes it."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Message] = asyncio.Queue()

    def on_message(self, data: str | bytes) -> None:
        kind = "text" if isinstance(data, str) else "bytes"
        self._queue.put_nowait({"type": "websocket.send", kind: data})

    def on_close(self, code: int, reason: str, was_clean: bool) -> None:
        # ASGI cannot drop a connection or leave the code out.
        told = code if was_clean and code != NO_CODE else 1000 if was_clean else 1011
        self._queue.put_nowait(
            {"type": "websocket.close", "code": told, "reason": reason if was_clean else ""}
        )

    def on_error(self, reason: JsException) -> None:
        self._queue.put_nowait({"type": "websocket.close", "code": 1011, "reason": ""})

    async def send_all(self, send: Send) -> None:
        while True:
            message = await self._queue.get()
            try:
                await send(message)
            except Exception:
                return  # the connection is gone; the receiving side learns of it and says so
            if message["type"] == "websocket.close":
                return
