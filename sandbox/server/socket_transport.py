"""The API over one WebSocket: each frame is a request, answered by frames with its id.

Saves subrequests: any number of calls, one connection.

Source: spec sandbox-and-containers.md section 7 (`websocket`).
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from typing import Any

from edge.containers.engine import ContainerGone
from edge.http.headers import Headers
from edge.http.request import Request
from edge.http.response import Response
from edge.http.streams.readable import ReadableStream
from edge.js.errors import JsException
from edge.kernel.tasks import spawn_outside
from sandbox.server.errors import HTTP_STATUS
from sandbox.server.json_body import read, written
from sandbox.server.reply import CONNECTION_LOST
from sandbox.server.sockets import Socket

_EVENT_STREAM = "text/event-stream"
_DATA, _END = b"data: ", b"\n\n"


class SocketTransport:
    """One client's connection."""

    def __init__(self, answer: Callable[[Request], Awaitable[Response]]) -> None:
        self._answer = answer
        self._socket = Socket()
        self._streams: dict[str, ReadableStream] = {}

    def start(self) -> Response:
        """The 101 response to the handshake."""
        self._socket.on_text = self._take
        self._socket.on_end = self._drop_streams
        return self._socket.start()

    def _take(self, text: str) -> None:
        id: Any = None
        try:
            frame = read(text)
            id = frame.get("id") if isinstance(frame, dict) else None
            if not isinstance(id, str) or frame.get("type") not in ("request", "cancel"):
                raise ValueError("Invalid WebSocket message: it must be a request or cancel with an id")
            if frame["type"] == "cancel":
                self._cancel(id)
                return
            request = _request(frame)
        except ValueError as error:
            self._error(id, "VALIDATION_FAILED", str(error))
            return
        spawn_outside(self._serve(id, request), name=f"sandbox socket {id}")

    async def _serve(self, id: str, request: Request) -> None:
        try:
            response = await self._answer(request)
            payload = response.take_payload()
            if isinstance(payload, ReadableStream):
                await self._stream(id, response, payload)
            else:
                self._respond(id, response.status, _body(payload or b""))
        except ContainerGone:
            self._error(id, "OPERATION_INTERRUPTED", CONNECTION_LOST)
        except JsException as error:
            self._error(id, "INTERNAL_ERROR", error.message)
        finally:
            self._streams.pop(id, None)

    async def _stream(self, id: str, response: Response, stream: ReadableStream) -> None:
        as_events = response.headers.get_str("content-type") == _EVENT_STREAM
        self._streams[id] = stream
        async for chunk in stream.chunks():
            if as_events:
                data = chunk.removeprefix(_DATA).removesuffix(_END).decode(errors="replace")
                self._socket.send_json({"type": "stream", "id": id, "data": data})
            else:
                data = base64.b64encode(chunk).decode()
                self._socket.send_json({"type": "stream", "id": id, "event": "bytes", "data": data})
        self._respond(id, response.status, None)

    def _respond(self, id: str, status: int, body: Any) -> None:
        frame: dict[str, Any] = {"type": "response", "id": id, "status": status}
        if body is not None:
            frame["body"] = body
        self._socket.send_json({**frame, "done": True})

    def _error(self, id: str | None, code: str, message: str) -> None:
        frame: dict[str, Any] = {"type": "error", "code": code, "message": message}
        if isinstance(id, str):
            frame["id"] = id
        self._socket.send_json({**frame, "status": HTTP_STATUS.get(code, 500)})

    def _cancel(self, id: str) -> None:
        stream = self._streams.pop(id, None)
        if stream is not None:
            spawn_outside(stream._cancel(None), name=f"cancel {id}")

    def _drop_streams(self) -> None:
        for id in list(self._streams):
            self._cancel(id)


def _request(frame: dict[str, Any]) -> Request:
    """Raises ValueError for a frame that makes no request."""
    method, path = frame.get("method"), frame.get("path")
    headers = frame.get("headers") or {}
    if not isinstance(method, str) or not isinstance(path, str) or not path.startswith("/"):
        raise ValueError("Invalid WebSocket message: a request needs a method and a path")
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        raise ValueError("Invalid WebSocket message: headers must be strings")
    body = frame.get("body")
    pairs = [
        ("content-type", "application/json"),
        *((name.lower(), value) for name, value in headers.items()),
    ]
    payload = None if body is None else written(body)
    url = f"http://localhost:3000{path}"
    return Request.make(url, method=method.upper(), headers=Headers(pairs), payload=payload)


def _body(data: bytes) -> Any:
    if not data:
        return None
    try:
        return read(data)
    except ValueError:
        return data.decode(errors="replace")
