"""From a Response to bytes: status line, headers, length, and the parts of a body.

Source: spec runtime.md sections 3 and 4; RFC 9110 sections 6.4 and 15.
"""

from __future__ import annotations

from typing import Protocol

from edge.http.buffers import encode_text
from edge.http.headers import Headers
from edge.http.response import Response
from edge.http.streams.readable import ReadableStream
from edge.server.asgi import HeaderList, Send

_NO_BODY = frozenset({204, 205, 304})
#: About the connection, which is the server's, not the Worker's.
_OF_CONNECTION = frozenset({"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"})


class Exchange(Protocol):
    """One answer under way to the client."""

    async def start(self, status: int, reason: str, headers: HeaderList) -> None: ...

    async def part(self, data: bytes, more: bool) -> None: ...

    async def answer(self, status: int, reason: str, headers: HeaderList, body: bytes) -> None:
        """Start and whole body in one."""
        ...


class AsgiExchange:
    """An answer through plain ASGI messages; the reason phrase is left to the server."""

    __slots__ = ("_send",)

    def __init__(self, send: Send) -> None:
        self._send = send

    async def start(self, status: int, reason: str, headers: HeaderList) -> None:
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def part(self, data: bytes, more: bool) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": more})

    async def answer(self, status: int, reason: str, headers: HeaderList, body: bytes) -> None:
        await self.start(status, reason, headers)
        await self.part(body, False)


def header_list(response: Response, length: int | None) -> HeaderList:
    """The headers to send; `length` None leaves the framing to the server (chunks)."""
    found = response._headers
    lines: HeaderList = []
    if found is not None:
        for name, value in found.raw_items():
            # A body that the Worker left to the platform to encode is sent as it is, which every
            # client takes; its Content-Encoding would then be wrong.
            if name == "content-encoding" and not response._encoded:
                continue
            if name != "content-length" and name not in _OF_CONNECTION:
                lines.append((name.encode("latin-1"), _encode(value)))
    if length is not None:
        lines.append((b"content-length", b"%d" % length))
    return lines


def _encode(value: str) -> bytes:
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode()


async def send_response(response: Response, method: str, exchange: Exchange) -> None:
    """Send `response`. A body that fails midway raises, after part of it was sent."""
    status = response.status
    reason = response.statusText
    payload = response._payload
    if status in _NO_BODY:
        await exchange.answer(status, reason, header_list(response, 0 if status == 205 else None), b"")
    elif not isinstance(payload, ReadableStream):
        response._used = payload is not None  # a Response kept for the next request cannot be sent again
        body = payload or b""
        headers = header_list(response, _head_length(response, body) if method == "HEAD" else len(body))
        await exchange.answer(status, reason, headers, b"" if method == "HEAD" else body)
    elif method == "HEAD":
        await payload._cancel(None)
        await exchange.answer(status, reason, header_list(response, payload.length), b"")
    else:
        await exchange.start(status, reason, header_list(response, payload.length))
        async for chunk in payload.chunks():
            await exchange.part(chunk, True)
        await exchange.part(b"", False)


def _head_length(response: Response, body: bytes) -> int:
    """An answer to HEAD may tell the length of what GET would have given."""
    told = None if response._headers is None else response._headers.get_str("content-length")
    return int(told) if told is not None and told.isdecimal() and not body else len(body)


def plain(status: int, text: str, headers: list[tuple[str, str]] | None = None) -> Response:
    """An answer of the emulator itself, as miniflare makes them."""
    items = [("content-type", "text/plain;charset=UTF-8"), *(headers or [])]
    return Response.make(encode_text(text), status, "", Headers(items, True))
