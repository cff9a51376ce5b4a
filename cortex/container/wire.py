"""HTTP/1.1 and WebSockets on asyncio streams, as much as an agent server needs.

The container may have nothing but Python's standard library, and importing a WebSocket library would cost
more than this whole program takes to start.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import struct
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

BODY_BYTES_MAX = 64 << 20
MESSAGE_BYTES_MAX = 32 << 20
BYTES, JSON = "application/octet-stream", "application/json"
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10

#: The body of a request, or of an answer: an object that is sent as JSON, or bytes.
Content = dict[str, Any] | bytes
Http = Callable[[str, str, Content | None], Awaitable[tuple[int, Content]]]
Socket = Callable[[str, dict[str, str], "WebSocketChannel"], Awaitable[None]]


class WebSocketChannel:
    """The server's side of a WebSocket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._closed = False

    async def send(self, text: str) -> None:
        await self._frame(_TEXT, text.encode())

    async def close(self, code: int = 1000, reason: str = "") -> None:
        if not self._closed:
            await self._frame(_CLOSE, struct.pack("!H", code) + reason.encode()[:123])
            self._closed = True

    async def receive(self) -> str | None:
        parts: list[bytes] = []
        size = 0
        try:
            while True:
                final, kind, payload = await self._read_frame()
                if kind == _CLOSE:
                    await self.close()
                    return None
                if kind == _PING:
                    await self._frame(_PONG, payload)
                elif kind < _CLOSE:
                    parts.append(payload)
                    size += len(payload)
                    if size > MESSAGE_BYTES_MAX:
                        await self.close(1009, "message too big")
                        return None
                    if final:
                        return b"".join(parts).decode(errors="replace")
        except (asyncio.IncompleteReadError, ConnectionError):
            return None

    async def _read_frame(self) -> tuple[bool, int, bytes]:
        first, second = await self._reader.readexactly(2)
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack("!H", await self._reader.readexactly(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", await self._reader.readexactly(8))
        if length > MESSAGE_BYTES_MAX:
            raise ConnectionError("message too big")
        mask = await self._reader.readexactly(4) if second & 0x80 else b""
        payload = await self._reader.readexactly(length)
        return bool(first & 0x80), first & 0x0F, _masked(payload, mask)

    async def _frame(self, kind: int, payload: bytes) -> None:
        if self._closed or self._writer.is_closing():
            raise ConnectionError("the WebSocket is closed")
        size = len(payload)
        if size < 126:
            head = struct.pack("!BB", 0x80 | kind, size)
        elif size < 65536:
            head = struct.pack("!BBH", 0x80 | kind, 126, size)
        else:
            head = struct.pack("!BBQ", 0x80 | kind, 127, size)
        self._writer.write(head + payload)
        await self._writer.drain()


def _masked(payload: bytes, mask: bytes) -> bytes:
    if not mask or not payload:
        return payload
    size = len(payload)
    repeated = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(size, "big")


async def serve(port: int, http: Http, socket: Socket) -> asyncio.Server:
    """Listen on all addresses of the container."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await _request(reader, writer, http, socket):
                pass
        except (
            asyncio.IncompleteReadError,
            asyncio.LimitOverrunError,
            ConnectionError,
            ValueError,
            KeyError,
        ):
            pass  # the client went, or sent what is no HTTP: nobody is left to answer
        finally:
            writer.close()

    return await asyncio.start_server(connected, "0.0.0.0", port)


async def _request(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, http: Http, socket: Socket
) -> bool:
    """Serve one request; whether another may follow on the connection."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ", 2)
    pairs = (line.split(":", 1) for line in head[1:] if ":" in line)
    headers = {name.strip().lower(): value.strip() for name, value in pairs}
    url = urlsplit(target)
    if headers.get("upgrade", "").lower() == "websocket":
        accept = base64.b64encode(hashlib.sha1(headers["sec-websocket-key"].encode() + _GUID).digest())
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )
        await socket(url.path, dict(parse_qsl(url.query)), WebSocketChannel(reader, writer))
        return False
    status, answer = await http(method, url.path, await _body(reader, headers))
    kind, content = as_content(answer)
    writer.write(
        b"HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s"
        % (status, b"OK" if status < 400 else b"Error", kind.encode(), len(content), content)
    )
    await writer.drain()
    return headers.get("connection", "").lower() != "close"


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> Content | None:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        content = await _chunked(reader)
    else:
        length = int(headers.get("content-length") or 0)
        if length > BODY_BYTES_MAX:
            raise ConnectionError("body too large")
        content = await reader.readexactly(length)
    return from_content(headers.get("content-type", ""), content)


def from_content(kind: str, content: bytes) -> Content | None:
    """A body of a content type: bytes, or an object of JSON, None when it is none."""
    if kind == BYTES:
        return content
    try:
        value = json.loads(content) if content else None
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def as_content(answer: Content) -> tuple[str, bytes]:
    """The content type and the body of an answer."""
    return (BYTES, answer) if isinstance(answer, bytes) else (JSON, json.dumps(answer).encode())


async def _chunked(reader: asyncio.StreamReader) -> bytes:
    parts: list[bytes] = []
    while size := int((await reader.readline()).split(b";")[0], 16):
        parts.append(await reader.readexactly(size))
        await reader.readline()
        if sum(map(len, parts)) > BODY_BYTES_MAX:
            raise ConnectionError("body too large")
    await reader.readline()
    return b"".join(parts)
