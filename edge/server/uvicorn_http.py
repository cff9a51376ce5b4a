"""HTTP/1.1 under uvicorn: its connection handling with httptools' parser, and answers of our own.

What differs from uvicorn's protocol: the request's target is kept as it came, heads have a size limit,
reason phrases are the Worker's, an answer is one write, HTTP/1.0 clients get no chunks, and a client
that only closed its sending side still gets its answer.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from edge.http.status import STATUS_TEXTS
from edge.server.asgi import HeaderList

HEAD_SIZE_BYTES_MAX = 128 * 1024
#: How long a client that half-closed its connection may wait for its answer.
HALF_CLOSED_WAIT_S = 0.25
#: How long a refused client may go on sending before its connection is cut.
LINGER_S = 0.5
_READ_SIZE_BYTES = 256 * 1024  # what an event loop reads at a time
_TOO_LARGE = (431, "Request Header Fields Too Large")
_INVALID_URI = "invalid URI"

_status_lines: dict[tuple[int, str], bytes] = {}


class DoorExchange(RequestResponseCycle):
    """One answer on a connection, written without ASGI messages."""

    async def start(self, status: int, reason: str, headers: HeaderList) -> None:
        if await self._can_write():
            self.transport.write(self._head(status, reason, headers))

    async def part(self, data: bytes, more: bool) -> None:
        if not await self._can_write():
            return
        if data:
            self.transport.write(b"%x\r\n%b\r\n" % (len(data), data) if self.chunked_encoding else data)
            self.expected_content_length -= len(data)
        if not more:
            if self.chunked_encoding:
                self.transport.write(b"0\r\n\r\n")
            elif self.chunked_encoding is False and self.expected_content_length != 0:
                raise RuntimeError("the body is not as long as its Content-Length says")
            self._finish()

    async def answer(self, status: int, reason: str, headers: HeaderList, body: bytes) -> None:
        if await self._can_write():
            self.transport.write(self._head(status, reason, headers, whole=True) + body)
            self._finish()

    async def _can_write(self) -> bool:
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        return not self.disconnected

    def _head(self, status: int, reason: str, headers: HeaderList, *, whole: bool = False) -> bytes:
        self.response_started = True
        self.waiting_for_100_continue = False
        line = _status_lines.get((status, reason))
        if line is None:
            line = f"HTTP/1.1 {status} {reason}\r\n".encode("latin-1", "replace")
            if reason == STATUS_TEXTS.get(status):
                _status_lines[status, reason] = line
        parts = [line]
        for name, value in self.default_headers:
            parts += (name, b": ", value, b"\r\n")
        for name, value in headers:
            parts += (name, b": ", value, b"\r\n")
        if not whole:
            self._frame_body(headers, parts)
        if not self.keep_alive:
            parts.append(b"connection: close\r\n")
        parts.append(b"\r\n")
        return b"".join(parts)

    def _frame_body(self, headers: HeaderList, parts: list[bytes]) -> None:
        """How a streamed body ends: its length, a last chunk, or the end of the connection."""
        length = next((value for name, value in headers if name == b"content-length"), None)
        if length is not None:
            self.chunked_encoding = False
            self.expected_content_length = int(length)
        elif self.scope["http_version"] == "1.0":
            self.chunked_encoding = None
            self.keep_alive = False
        else:
            self.chunked_encoding = True
            parts.append(b"transfer-encoding: chunked\r\n")

    def _finish(self) -> None:
        self.response_complete = True
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()


class DoorHttp(HttpToolsProtocol):
    """A connection."""

    _head_bytes = 0
    _in_head = False
    _in_body = False
    _is_large = False
    _is_refused = False
    _refusal = (400, "Invalid HTTP request received.")

    def data_received(self, data: bytes) -> None:
        if self._is_refused:
            return
        # Heads are only counted closely once much has arrived: this runs for each request.
        was_in_body = self._in_body
        self._is_large = self._head_bytes + len(data) > HEAD_SIZE_BYTES_MAX
        super().data_received(data)
        if self._in_head and not was_in_body:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_SIZE_BYTES_MAX + _READ_SIZE_BYTES and not self._is_refused:
                self._refusal = _TOO_LARGE
                self.send_400_response("")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True
        self._head_bytes = 0

    def _check_head_size(self) -> None:
        size_bytes = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size_bytes > HEAD_SIZE_BYTES_MAX:
            self._refusal = _TOO_LARGE
            raise ValueError("head too large")

    def on_headers_complete(self) -> None:
        scope: dict[str, Any] = self.scope  # type: ignore[assignment]
        parser = self.parser
        scope["method"] = parser.get_method().decode("ascii")
        version = parser.get_http_version()
        if version != "1.1":
            scope["http_version"] = version
        self._in_head = False
        self._in_body = True
        if self._is_large:
            self._check_head_size()
        if parser.should_upgrade() and self._should_upgrade():
            return
        self._refusal = (400, _INVALID_URI)
        path, _, query = self.url.partition(b"?")
        path.decode("ascii")  # a target that is no URI at all is refused here
        self._refusal = DoorHttp._refusal
        scope["path"] = scope["raw_path"] = path
        scope["query_string"] = query
        scope["edge.target"] = self.url
        self._begin(scope, keep_alive=version != "1.0" and parser.should_keep_alive())

    def _begin(self, scope: dict[str, Any], *, keep_alive: bool) -> None:
        previous = self.cycle
        cycle = self.cycle = DoorExchange(
            scope=scope,  # type: ignore[arg-type]
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=keep_alive,
            on_response=self.on_response_complete,
        )
        scope["edge.exchange"] = cycle
        if previous is None or previous.response_complete:
            self._start_asgi_task(cycle, self.app)
        else:  # pipelined: after the ones before it
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, self.app))

    def on_message_complete(self) -> None:
        self._in_body = False
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        status, text = self._refusal
        if isinstance(sys.exc_info()[1], httptools.HttpParserInvalidURLError):
            text = _INVALID_URI
        head = (
            f"HTTP/1.1 {status} {STATUS_TEXTS[status]}\r\ncontent-type: text/plain;charset=UTF-8\r\n"
            f"content-length: {len(text)}\r\nconnection: close\r\n\r\n"
        )
        self._is_refused = True
        self.transport.write((head + text).encode("ascii"))
        # Closing at once would reset the connection of a client that is still sending, and the
        # answer would be lost with it.
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(LINGER_S, self.transport.close)

    def eof_received(self) -> bool | None:  # type: ignore[override]
        cycle = self.cycle
        if cycle is None or cycle.response_complete or cycle.response_started or cycle.more_body:
            return None
        # The client has said all it will; whether it still listens shows when it is answered.
        cycle.keep_alive = False
        self.loop.call_later(HALF_CLOSED_WAIT_S, self.transport.close)
        return True
