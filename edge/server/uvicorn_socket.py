"""WebSocket connections under uvicorn, frame by frame between the socket and the Worker's end.

Two reasons not to go through ASGI messages: each message would cost two tasks' hand-overs, and ASGI
servers answer a client's Close frame by themselves, whereas a hibernating Durable Object decides when.
`websockets` parses and checks; frames to the client are written without it, they need no masking.

Sources: spec runtime.md section 5, durable-objects.md section 10 and its corrections; RFC 6455.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, cast

from websockets.datastructures import Headers as UpgradeHeaders
from websockets.frames import Close, Frame, Opcode
from websockets.http11 import Request as UpgradeRequest
from websockets.http11 import Response as UpgradeResponse
from websockets.protocol import State
from websockets.server import ServerProtocol

from edge.http.buffers import encode_text
from edge.http.status import STATUS_TEXTS
from edge.http.websocket import NO_CODE, WebSocket
from edge.js.errors import JsException
from edge.kernel.tasks import spawn
from edge.server.app import FrontDoor
from edge.server.incoming import InvalidTarget
from edge.server.outgoing import header_list, plain
from edge.server.socket_handshake import Handshake, ask

MESSAGE_SIZE_BYTES_MAX = 32 * 1024 * 1024
#: What a client that does not read may leave unsent before it is cut off.
UNSENT_BYTES_MAX = 128 * 1024 * 1024
CLOSE_WAIT_S = 10.0
_SERVICE_RESTART = 1012

_log = logging.getLogger("edge.server.socket")
_log.setLevel(logging.WARNING)  # the parser reports each opened connection; the request line says it already


class _Frames(ServerProtocol):
    """The parser, except that a Close frame is reported and not answered."""

    def recv_frame(self, frame: Frame) -> None:
        if frame.opcode is Opcode.CLOSE and self.state is State.OPEN:
            self.close_rcvd = Close.parse(frame.data)
            self.events.append(frame)
        else:
            super().recv_frame(frame)


class DoorSocket(asyncio.Protocol):
    """One connection; also the sink of the Worker's end."""

    def __init__(self, config: Any, server_state: Any, app_state: Any, _loop: Any = None) -> None:
        self._door = cast(FrontDoor, config.loaded_app)
        self._connections: set[Any] = server_state.connections
        self._frames = _Frames(max_size=MESSAGE_SIZE_BYTES_MAX, logger=_log)
        self._transport: asyncio.Transport = cast(asyncio.Transport, None)
        self._end: WebSocket | None = None
        self._handshake: asyncio.Task[None] | None = None
        self._early: list[Frame] = []
        self._parts: list[bytes] = []
        self._is_text = False
        self._sent_close = self._got_close = self._lost = self._write_paused = False
        self._close_timer: asyncio.TimerHandle | None = None

    # -- the connection ----------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._connections.add(self)

    def data_received(self, data: bytes) -> None:
        frames = self._frames
        frames.receive_data(data)
        for event in frames.events_received():
            if isinstance(event, UpgradeRequest):
                self._handshake = spawn(self._shake_hands(event), name=f"websocket {event.path}")
            elif self._end is None:
                self._early.append(cast(Frame, event))
            else:
                self._take(cast(Frame, event))
        self._flush()
        if frames.parser_exc is not None or frames.handshake_exc is not None:
            self._transport.close()  # the Close frame that says why is on its way already

    def eof_received(self) -> bool:
        return False

    def pause_writing(self) -> None:
        self._write_paused = True

    def resume_writing(self) -> None:
        self._write_paused = False

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = True
        self._connections.discard(self)
        if self._close_timer is not None:
            self._close_timer.cancel()
        if self._handshake is not None:
            self._handshake.cancel()
        if self._end is not None and not self._got_close:
            self._end._drop()

    def shutdown(self) -> None:
        """uvicorn's request to end the connection because the server stops."""
        if self._end is not None and not self._sent_close:
            self._write_close(_SERVICE_RESTART, "")
        self._transport.close()

    def _flush(self) -> None:
        output = self._frames.data_to_send()
        if output and not self._transport.is_closing():
            self._transport.write(b"".join(output))

    # -- the handshake -----------------------------------------------------------------------------

    async def _shake_hands(self, request: UpgradeRequest) -> None:
        accepted = self._frames.accept(request)
        if accepted.status_code != 101:
            self._answer(accepted)
            return
        started_s = self._door.clock.monotonic()
        try:
            handshake = await ask(self._door, self._scope(request))
        except InvalidTarget:
            self._answer(
                _http_response(400, "", plain(400, "invalid URI").headers.raw_items(), b"invalid URI")
            )
            return
        self._door.told(handshake.request, handshake.response, started_s)
        if handshake.end is None:
            await self._refuse(handshake)
        elif self._lost:
            handshake.end._drop()
        else:
            self._join(handshake, accepted)

    def _join(self, handshake: Handshake, accepted: UpgradeResponse) -> None:
        if handshake.subprotocol is not None:
            accepted.headers["Sec-WebSocket-Protocol"] = handshake.subprotocol
        for name, value in handshake.headers():
            accepted.headers[name] = value
        self._frames.send_response(accepted)
        self._flush()
        assert handshake.end is not None
        self._end = handshake.end
        self._end._attach(self)
        early, self._early = self._early, []
        for frame in early:
            self._take(frame)

    async def _refuse(self, handshake: Handshake) -> None:
        response = handshake.response
        body = await response.read_bytes()
        headers = [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in header_list(response, len(body))
        ]
        self._answer(_http_response(response.status, response.statusText, headers, body))

    def _answer(self, response: UpgradeResponse) -> None:
        self._frames.send_response(response)
        self._flush()
        self._transport.close()

    def _scope(self, request: UpgradeRequest) -> dict[str, Any]:
        client = self._transport.get_extra_info("peername")
        secure = self._transport.get_extra_info("sslcontext") is not None
        return {
            "method": "GET",
            "http_version": "1.1",
            "scheme": "https" if secure else "http",
            "headers": [
                (name.lower().encode("latin-1"), value.encode("latin-1"))
                for name, value in request.headers.raw_items()
            ],
            "client": client[:2] if client else None,
            "server": self._transport.get_extra_info("sockname"),
            "edge.target": request.path.encode("latin-1"),
        }

    # -- from the client ---------------------------------------------------------------------------

    def _take(self, frame: Frame) -> None:
        opcode = frame.opcode
        if self._got_close:
            return
        if opcode is Opcode.TEXT or opcode is Opcode.BINARY:
            self._is_text = opcode is Opcode.TEXT
            if frame.fin:
                self._deliver(bytes(frame.data))
            else:
                self._parts = [bytes(frame.data)]
        elif opcode is Opcode.CONT:
            self._parts.append(bytes(frame.data))
            if frame.fin:
                parts, self._parts = self._parts, []
                self._deliver(b"".join(parts))
        elif opcode is Opcode.CLOSE:
            self._take_close()

    def _deliver(self, data: bytes) -> None:
        assert self._end is not None
        if not self._is_text:
            self._end._send(data)
            return
        try:
            text = data.decode()
        except UnicodeDecodeError:
            self._write_close(1007, "")
            self._transport.close()
            return
        self._end._send(text)

    def _take_close(self) -> None:
        close = self._frames.close_rcvd
        assert close is not None
        assert self._end is not None
        self._got_close = True
        self._end._close(int(close.code), close.reason)
        if self._sent_close:
            self._transport.close()

    # -- to the client: the sink ---------------------------------------------------------------------

    def on_message(self, data: str | bytes) -> None:
        if self._sent_close or self._transport.is_closing():
            return
        if isinstance(data, str):
            self._transport.write(_frame(0x81, encode_text(data)))
        else:
            self._transport.write(_frame(0x82, data))
        if self._write_paused and self._transport.get_write_buffer_size() > UNSENT_BYTES_MAX:
            _log.error("a WebSocket client does not read what it is sent: connection dropped")
            self._transport.abort()

    def on_close(self, code: int, reason: str, was_clean: bool) -> None:
        if not was_clean:
            self._transport.close()
            return
        if self._sent_close:
            return
        self._write_close(code, reason)
        if self._got_close:
            self._transport.close()
        else:
            loop = asyncio.get_running_loop()
            self._close_timer = loop.call_later(CLOSE_WAIT_S, self._transport.close)

    def on_error(self, reason: JsException) -> None:
        self._transport.close()

    def _write_close(self, code: int, reason: str) -> None:
        # Not through `websockets`, which refuses to answer a Close frame later than at once.
        self._sent_close = True
        if not self._transport.is_closing():
            payload = b"" if code == NO_CODE else Close(code, reason).serialize()
            self._transport.write(_frame(0x88, payload))


def _frame(first: int, payload: bytes) -> bytes:
    """An unfragmented frame from server to client (RFC 6455 section 5.2)."""
    size = len(payload)
    if size < 126:
        return bytes((first, size)) + payload
    if size < 65_536:
        return bytes((first, 126)) + size.to_bytes(2, "big") + payload
    return bytes((first, 127)) + size.to_bytes(8, "big") + payload


def _http_response(status: int, reason: str, headers: Any, body: bytes) -> UpgradeResponse:
    lines = UpgradeHeaders(headers)
    lines["connection"] = "close"
    if "content-length" not in lines:
        lines["content-length"] = str(len(body))
    return UpgradeResponse(status, reason or STATUS_TEXTS.get(status, ""), lines, body)
