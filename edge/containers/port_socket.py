"""A WebSocket to a program in a container: a Worker's end of a pair, and frames over a connection.

A message costs one task switch each way: frames are read and written by the library's protocol, which does no
I/O of its own.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake
from websockets.frames import Close, Frame, Opcode
from websockets.uri import parse_uri

from edge.containers.engine import Connection, ContainerGone
from edge.http.frames import DROPPED, NO_CODE
from edge.http.headers import Headers
from edge.http.httpx_transport import connection_lost
from edge.http.request import Request
from edge.http.response import Response
from edge.http.websocket import WebSocket, WebSocketPair
from edge.http.websocket_client import HANDSHAKE, MESSAGE_BYTES_MAX, Outgoing
from edge.kernel.tasks import log_failure, spawn

_log = logging.getLogger("edge.containers")


async def open_socket(connection: Connection, request: Request) -> Response:
    """Shake hands: a Response with `webSocket`, or the refusal as an ordinary Response.

    Raises `Network connection lost.`, ContainerGone.
    """
    protocol = _protocol(request)
    handshake = protocol.connect()
    for name, value in request.headers.raw_items():
        if name not in HANDSHAKE:
            handshake.headers[name] = value
    protocol.send_request(handshake)
    await _flush(protocol, connection)
    events: list[Any] = []
    while not events:
        data = await connection.read()
        if data:
            protocol.receive_data(data)
        else:
            protocol.receive_eof()
        events = protocol.events_received()
        if not data and not events:
            await connection.close()
            raise connection_lost()
    reply = events[0]
    items = [(name.lower(), value) for name, value in reply.headers.raw_items()]
    if isinstance(protocol.handshake_exc, InvalidHandshake):
        await connection.close()
        return Response.make(
            bytes(reply.body or b""), reply.status_code, reply.reason_phrase, Headers(items, True)
        )
    pair = WebSocketPair()
    local, remote = pair._ends
    wire = _Wire(protocol, connection, remote, events[1:])
    remote._attach(wire)
    wire.start()
    return Response.make(None, 101, "Switching Protocols", Headers(items, True), local)


def _protocol(request: Request) -> ClientProtocol:
    wanted = request.headers.get_str("sec-websocket-protocol")
    names: Any = None if wanted is None else [name.strip() for name in wanted.split(",")]
    uri = parse_uri(request.url.replace("http", "ws", 1))
    return ClientProtocol(uri, subprotocols=names, max_size=MESSAGE_BYTES_MAX)


async def _flush(protocol: ClientProtocol, connection: Connection) -> None:
    for data in protocol.data_to_send():
        if data:
            await connection.write(data)
        else:
            await connection.write_eof()


class _Wire(Outgoing):
    """Carries messages between the far end of a pair and a connection."""

    def __init__(
        self, protocol: ClientProtocol, connection: Connection, end: WebSocket, early: list[Any]
    ) -> None:
        self._protocol = protocol
        self._connection = connection
        self._end = end
        self._early = early
        super().__init__()
        self._parts: list[bytes] = []
        self._kind = Opcode.TEXT
        self._writing = asyncio.Lock()
        self._closed = False

    def start(self) -> None:
        for work, name in ((self._read(), "container.read"), (self._write(), "container.write")):
            spawn(work, name=name).add_done_callback(log_failure)

    async def _read(self) -> None:
        try:
            self._take(self._early)
            while not self._closed:
                data = await self._connection.read()
                if not data:
                    break
                self._protocol.receive_data(data)
                self._take(self._protocol.events_received())
                await self._send_pending()  # pongs and the answer to a close
        except (ContainerGone, OSError) as failure:
            _log.debug("a WebSocket to a container ended: %s", failure)  # reported below
        finally:
            if not self._closed:
                self._end._drop()
            self.frames.put_nowait(None)
            await self._connection.close()

    def _take(self, events: list[Any]) -> None:
        for frame in events:
            assert isinstance(frame, Frame)
            if frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                self._take_data(frame)
            elif frame.opcode is Opcode.CLOSE:
                close = Close.parse(bytes(frame.data))
                self._closed = True
                self._end._close(int(close.code), close.reason)

    def _take_data(self, frame: Frame) -> None:
        if frame.opcode is not Opcode.CONT:
            self._kind = frame.opcode
        self._parts.append(bytes(frame.data))
        if frame.fin:
            whole, self._parts = b"".join(self._parts), []
            self._end._send(whole.decode(errors="replace") if self._kind is Opcode.TEXT else whole)

    async def _write(self) -> None:
        try:
            while (frame := await self.frames.get()) is not None:
                if self._closed:
                    return
                if isinstance(frame, tuple):
                    code, reason = frame
                    self._protocol.send_close(1000 if code in (NO_CODE, DROPPED) else code, reason)
                elif isinstance(frame, str):
                    self._protocol.send_text(frame.encode())
                else:
                    self._protocol.send_binary(frame)
                await self._send_pending()
        except (ContainerGone, OSError):
            return  # the reader reports it

    async def _send_pending(self) -> None:
        async with self._writing:  # frames leave whole, whoever sends them
            await _flush(self._protocol, self._connection)
