"""WebSockets of the ASGI adapter (spec python-workers.md section 5, corrections section 5)."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from edge.http.response import Response as JsResponse
from edge.http.websocket import WebSocket, WebSocketPair
from edge.js.errors import JsException
from edge.js.functions import JsDoubleProxy
from edge.js.objects import JsObject
from edge.js.typed_arrays import JsUint8Array
from edge.kernel.tasks import spawn
from wrangler_compat.modules.sdk.background import wait_until

_log = logging.getLogger("asgi")


def serve_websocket(app: Any, scope: dict[str, Any]) -> JsResponse:
    """Start the application on one end of a pair, answer with the other.

    The socket is open before the application accepts, so a `websocket.accept` says nothing new.
    """
    client, server = WebSocketPair()._ends
    connection = _Connection(server)
    task = spawn(_run(app, scope, connection), name="asgi websocket application")
    wait_until(task)
    return JsResponse.js_new(None, JsObject({"status": 101, "webSocket": client}))


async def _run(app: Any, scope: dict[str, Any], connection: _Connection) -> None:
    code = 1000
    try:
        await app(scope, connection.receive, connection.send)
    except Exception:
        _log.exception("Exception in ASGI WebSocket application")
        code = 1011
    finally:
        connection.end(code)


class _Connection:
    """The server's end as ASGI's `receive` and `send`."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._closed = False
        self._messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._messages.put_nowait({"type": "websocket.connect"})
        self.receive = self._messages.get
        socket.accept()
        socket.binaryType = "arraybuffer"
        socket.addEventListener("message", JsDoubleProxy(self._on_message))
        socket.addEventListener("close", JsDoubleProxy(self._on_close))

    def _on_message(self, event: Any) -> None:
        data = event.data
        if isinstance(data, str):
            self._messages.put_nowait({"type": "websocket.receive", "text": data})
        else:
            self._messages.put_nowait({"type": "websocket.receive", "bytes": data.to_bytes()})

    def _on_close(self, event: Any) -> None:
        self._messages.put_nowait(
            {"type": "websocket.disconnect", "code": event.code, "reason": event.reason}
        )

    async def send(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "websocket.accept":
                pass
            case "websocket.send":
                if (data := message.get("bytes")) is not None:
                    self._socket.send(JsUint8Array.of_bytes(bytes(data)))
                if (text := message.get("text")) is not None:
                    self._socket.send(text)
            case "websocket.close":
                self._closed = True
                self._socket.close(message.get("code", 1000), message.get("reason") or "")
            case unknown:
                _log.warning("the ASGI event %s is not known", unknown)

    def end(self, code: int) -> None:
        """Close on the application's behalf, unless it or the peer has done so."""
        if not self._closed:
            try:
                self._socket.close(code, "")
            except JsException:
                _log.debug("the peer had closed already", exc_info=True)
