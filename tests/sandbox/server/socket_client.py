"""A WebSocket client of the sandbox's server for tests."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from edge.http.websocket import WebSocket
from edge.js.errors import JsException
from tests.sandbox.server.api import Api


class Client:
    """Receives frames in order."""

    def __init__(self, end: WebSocket) -> None:
        self._end = end
        self._frames: asyncio.Queue[str | bytes | int] = asyncio.Queue()
        end._attach(self)

    @classmethod
    async def connect(cls, api: Api, path: str) -> Client:
        response = await api.send("GET", path, headers={"upgrade": "websocket"})
        assert response.status == 101, await response.read_bytes()
        assert response._web_socket is not None
        return cls(response._web_socket)

    def send(self, data: str | bytes) -> None:
        self._end._send(data)

    def send_json(self, value: Any) -> None:
        self.send(json.dumps(value))

    def close(self) -> None:
        self._end._close(1000)

    async def frame(self) -> str | bytes | int:
        """The next message, or the code with which the server closed."""
        async with asyncio.timeout(20):
            return await self._frames.get()

    async def json(self) -> Any:
        frame = await self.frame()
        assert isinstance(frame, str), frame
        return json.loads(frame)

    async def control(self) -> Any:
        """The next text message of a terminal, whatever it showed before."""
        while isinstance(frame := await self.frame(), bytes):
            continue
        assert isinstance(frame, str), frame
        return json.loads(frame)

    async def bytes_until(self, wanted: bytes) -> bytes:
        seen = b""
        while wanted not in seen:
            frame = await self.frame()
            assert isinstance(frame, bytes), (frame, seen)
            seen += frame
        return seen

    def on_message(self, data: str | bytes) -> None:
        self._frames.put_nowait(data)

    def on_close(self, code: int, reason: str, was_clean: bool) -> None:
        self._frames.put_nowait(code)

    def on_error(self, reason: JsException) -> None:
        self._frames.put_nowait(-1)
