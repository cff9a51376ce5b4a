"""The API of the sandbox over one WebSocket: any number of calls, one subrequest (spec section 7)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

from js import IdentityTransformStream, Math, console
from pyodide.ffi import create_proxy, to_js

from sandbox.container.state import now_ms
from sandbox.container.values import is_absent
from sandbox.durable.control import Control, Fetch, as_json, error_of
from sandbox.errors import OperationInterruptedError, SandboxError, error_from_response

_URL = "http://localhost:3000/ws"
_STOPPED = "The sandbox container stopped while the operation was pending."


class SocketControl(Control):
    """As `Control`. What is sent or answered as bytes goes by HTTP."""

    def __init__(self, fetch: Fetch, retry_s: Callable[[], float], is_running: Callable[[], bool]) -> None:
        super().__init__(fetch, retry_s)
        self._is_running = is_running
        self._socket: Any = None
        self._opening: asyncio.Future[Any] | None = None
        self._calls: dict[str, _Call] = {}

    async def json(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        call = await self._send(method, path, body)
        return await call.answer()

    async def stream(self, path: str, body: Mapping[str, Any] | None = None, method: str = "POST") -> Any:
        call = await self._send(method, path, body)
        return await call.readable(lambda: self._cancel(call.id))

    def disconnect(self) -> None:
        """End the connection; what is under way fails."""
        socket, self._socket = self._socket, None
        if socket is not None:
            socket.close(1000, "")
        self._end()

    async def _send(self, method: str, path: str, body: Mapping[str, Any] | None) -> _Call:
        socket = await self._connected()
        call = _Call(f"ws_{now_ms()}_{int(Math.random() * 36**6):06d}")
        frame = json.dumps({"type": "request", "id": call.id, "method": method, "path": path})
        if body is not None:
            frame = f'{frame[:-1]}, "body": {as_json(body)}}}'
        self._calls[call.id] = call
        socket.send(frame)
        return call

    async def _connected(self) -> Any:
        if self._socket is not None:
            if self._is_running():
                return self._socket
            self.disconnect()
        if self._opening is None:
            self._opening = asyncio.ensure_future(self._open())
            self._opening.add_done_callback(self._opened)
        return await asyncio.shield(self._opening)

    def _opened(self, done: asyncio.Future[Any]) -> None:
        self._opening = None
        if not done.cancelled():
            done.exception()  # seen: those who waited got it

    async def _open(self) -> Any:
        headers = {"Upgrade": "websocket", "Connection": "Upgrade"}
        response = await self._patiently(lambda: self._fetch(_URL, headers=headers))
        socket = response.js_object.webSocket
        if is_absent(socket):
            raise await error_of(response)
        socket.accept()
        socket.addEventListener("message", create_proxy(lambda event: self._take(event.data)))
        for name in ("close", "error"):
            socket.addEventListener(name, create_proxy(lambda *_: self._lost(socket)))
        self._socket = socket
        return socket

    def _take(self, text: str) -> None:
        frame = json.loads(text)
        call = self._calls.get(frame.get("id"))
        if call is None:
            console.debug("A frame that nobody waits for:", text[:200])
            return
        call.take(frame)
        if frame["type"] != "stream":
            del self._calls[call.id]

    def _lost(self, socket: Any) -> None:
        if self._socket is socket:
            self._socket = None
            self._end()

    def _end(self) -> None:
        calls, self._calls = self._calls, {}
        for call in calls.values():
            context = {"reason": "runtime_replaced", "operation": call.id, "retryable": False}
            call.fail(OperationInterruptedError(_STOPPED, context=context))

    def _cancel(self, call_id: str) -> None:
        if self._calls.pop(call_id, None) is not None and self._socket is not None:
            self._socket.send(json.dumps({"type": "cancel", "id": call_id}))


class _Call:
    """One request and the frames that answer it."""

    def __init__(self, call_id: str) -> None:
        self.id = call_id
        self._frames: asyncio.Queue[dict[str, Any] | Exception] = asyncio.Queue()

    def take(self, frame: dict[str, Any]) -> None:
        self._frames.put_nowait(frame)

    def fail(self, failure: Exception) -> None:
        self._frames.put_nowait(failure)

    async def _next(self) -> dict[str, Any]:
        """The next frame; an answer that is an error is raised."""
        frame = await self._frames.get()
        if isinstance(frame, Exception):
            raise frame
        if frame["type"] == "error":
            raise error_from_response({**frame, "httpStatus": frame.get("status")})
        if frame["type"] == "response" and not 200 <= frame["status"] < 300:
            described = frame.get("body")
            if isinstance(described, dict) and "code" in described:
                raise error_from_response(described)
            raise SandboxError(
                f"HTTP error! status: {frame['status']}", response={"httpStatus": frame["status"]}
            )
        return frame

    async def answer(self) -> Any:
        while True:
            frame = await self._next()
            if frame["type"] == "response":
                return frame.get("body")

    async def readable(self, cancel: Callable[[], None]) -> Any:
        """The events as a JavaScript ReadableStream. Raises what came instead of the first."""
        first = await self._next()
        passage = IdentityTransformStream.new()
        asyncio.ensure_future(self._write(passage.writable.getWriter(), first, cancel))
        return passage.readable

    async def _write(self, writer: Any, frame: dict[str, Any], cancel: Callable[[], None]) -> None:
        try:
            while frame["type"] == "stream":
                await writer.write(to_js(f"data: {frame['data']}\n\n".encode()))
                frame = await self._next()
            await writer.close()
        except Exception as failure:
            cancel()  # nobody reads any more, or nothing more comes
            console.debug("A stream of the sandbox ended early:", repr(failure))
            await _abort(writer, failure)


async def _abort(writer: Any, failure: Exception) -> None:
    try:
        await writer.abort(str(failure))
    except Exception as gone:
        console.debug("Its reader had gone:", repr(gone))
