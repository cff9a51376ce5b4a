# ruff: noqa: E501 (tables stand whole)
"""WebSockets between real clients and a Worker's end."""

from __future__ import annotations

import asyncio
import base64
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from edge.http.headers import Headers
from edge.http.request import Request
from edge.http.response import Response
from edge.http.websocket import WebSocketPair
from edge.js.errors import JsException
from tests.edge.server.door import get, parts, raw, serving
from tests.loops import run


class Peer:
    """The Worker's side of a socket: records what arrives, answers as told."""

    def __init__(self, *, echo: bool = True, answer_close: bool = True) -> None:
        self.client, self.server = WebSocketPair()._ends
        self.seen: list[Any] = []
        self.closed = asyncio.Event()
        self._echo, self._answer_close = echo, answer_close
        self.server._accept_hibernatable(self)

    def on_message(self, data: str | bytes) -> None:
        self.seen.append(data)
        if self._echo:
            self.server.send(data) if isinstance(data, str) else self.server._transmit(data)

    def on_close(self, code: int, reason: str, was_clean: bool) -> None:
        self.seen.append((code, reason, was_clean))
        self.closed.set()
        if self._answer_close and was_clean:
            self.server.close(None if code == 1005 else code, reason)

    def on_error(self, reason: JsException) -> None:
        self.seen.append(reason)

    def response(self, **headers: str) -> Response:
        items = [(name.replace("_", "-"), value) for name, value in headers.items()]
        return Response.make(None, 101, "", Headers(items), self.client)


Talk = Callable[[ClientConnection, Peer], Awaitable[None]]


def talk(conversation: Talk, *, echo: bool = True, answer_close: bool = True, **headers: str) -> Peer:
    """Connect to a Worker that hands out one peer, and run `conversation`."""
    peers: list[Peer] = []

    async def answer(request: Request) -> Response:
        peers.append(Peer(echo=echo, answer_close=answer_close))
        return peers[0].response(**headers)

    async def check() -> None:
        async with serving(answer) as port, connect(
            f"ws://127.0.0.1:{port}/x?y", compression=None, proxy=None, subprotocols=["a", "b"], max_size=None,
            close_timeout=0.2,
        ) as client:  # fmt: skip
            await conversation(client, peers[0])

    run(check())
    return peers[0]


@pytest.mark.parametrize(
    "message", ["", "hi", "é🎉", b"", b"\x00\xff", "x" * 125, "x" * 126, "y" * 70_000, b"z" * 3_000_000]
)
def test_echo(message: str | bytes) -> None:
    async def conversation(client: ClientConnection, peer: Peer) -> None:
        await client.send(message)
        assert await client.recv() == message

    talk(conversation)


def test_fragments_are_one_message() -> None:
    async def conversation(client: ClientConnection, peer: Peer) -> None:
        await client.send(["a", "é"[:1], "c"])
        assert await client.recv() == "aéc"
        await client.send([b"1", b"2"])
        assert await client.recv() == b"12"

    talk(conversation)


def test_the_worker_chooses_the_subprotocol_and_adds_headers() -> None:
    async def conversation(client: ClientConnection, peer: Peer) -> None:
        assert client.subprotocol == "b"
        assert client.response is not None
        assert client.response.headers["x-own"] == "1"
        assert client.response.headers.get_all("upgrade") == ["websocket"]

    talk(conversation, sec_websocket_protocol="b", x_own="1", upgrade="h2c")


def test_ping_is_answered() -> None:
    async def conversation(client: ClientConnection, peer: Peer) -> None:
        await asyncio.wait_for(await client.ping("p"), 5)

    talk(conversation)


def test_the_client_closes() -> None:
    async def conversation(client: ClientConnection, peer: Peer) -> None:
        await client.close(4001, "bye")
        assert (client.protocol.close_rcvd.code, client.protocol.close_rcvd.reason) == (4001, "bye")  # type: ignore[union-attr]

    assert talk(conversation).seen == [(4001, "bye", True)]


def test_a_close_without_an_answer_stays_unanswered() -> None:
    """Hibernating sockets: no automatic reply (corrections, durable-objects.md section 10)."""

    async def conversation(client: ClientConnection, peer: Peer) -> None:
        await client.close(1000, "")
        assert client.protocol.close_rcvd is None

    assert talk(conversation, answer_close=False).seen == [(1000, "", True)]


def test_sending_after_the_clients_close() -> None:
    async def conversation(client: ClientConnection, peer: Peer) -> None:
        closing = asyncio.create_task(client.close(1000, ""))
        await peer.closed.wait()
        peer.server.send("still here")
        peer.server.close(4000, "done")
        await closing
        assert client.protocol.close_rcvd.code == 4000  # type: ignore[union-attr]

    talk(conversation, answer_close=False)


@pytest.mark.parametrize(
    ("arguments", "code", "reason"), [((4002, "why"), 4002, "why"), ((1000,), 1000, ""), ((), 1005, "")]
)
def test_the_worker_closes(arguments: tuple[Any, ...], code: int, reason: str) -> None:
    async def conversation(client: ClientConnection, peer: Peer) -> None:
        peer.server.close(*arguments)
        with pytest.raises(ConnectionClosed):
            await client.recv()
        received = client.protocol.close_rcvd
        assert received is not None
        assert (received.code, received.reason) == (code, reason)
        await peer.closed.wait()

    assert talk(conversation).seen[-1][2] is True


def test_a_client_that_vanishes() -> None:
    async def conversation(client: ClientConnection, peer: Peer) -> None:
        client.transport.abort()
        await asyncio.wait_for(peer.closed.wait(), 5)

    assert talk(conversation).seen == [(1006, "WebSocket disconnected without sending Close frame.", False)]


def test_the_worker_drops_the_connection() -> None:
    async def conversation(client: ClientConnection, peer: Peer) -> None:
        peer.server._drop()
        with pytest.raises(ConnectionClosed):
            await client.recv()
        assert client.protocol.close_rcvd is None

    talk(conversation)


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"\x81\x02hi", 1002),  # not masked
        (b"\xf1\x80\x00\x00\x00\x00", 1002),  # reserved bits
        (b"\x83\x80\x00\x00\x00\x00", 1002),  # reserved opcode
        (b"\x80\x80\x00\x00\x00\x00", 1002),  # a continuation of nothing
        (b"\x81\x82\x00\x00\x00\x00\xff\xfe", 1007),  # no UTF-8
        (b"\x82\xff\x00\x00\x00\x00\x02\x00\x00\x01\x00\x00\x00\x00", 1009),  # more than 32 MiB
    ],
)
def test_invalid_frames(frame: bytes, code: int) -> None:
    async def check() -> None:
        peer = Peer()

        async def answer(request: Request) -> Response:
            return peer.response()

        async with serving(answer) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(upgrade())
            await reader.readuntil(b"\r\n\r\n")
            writer.write(frame)
            answered = await asyncio.wait_for(reader.read(), 5)
            assert answered[0] == 0x88
            assert struct.unpack("!H", answered[2:4]) == (code,)
            await asyncio.wait_for(peer.closed.wait(), 5)
            assert peer.seen == [(1006, "WebSocket disconnected without sending Close frame.", False)]
            writer.close()

    run(check())


def upgrade(*headers: str) -> bytes:
    key = base64.b64encode(b"0123456789abcdef").decode()
    usual = ["Upgrade: websocket", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13"]
    return get("/", *(headers or usual)).replace(b"Connection: close", b"Connection: Upgrade")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (["Upgrade: websocket", "Sec-WebSocket-Version: 13"], "400 Bad Request"),
        (["Upgrade: websocket", "Sec-WebSocket-Key: AAAA", "Sec-WebSocket-Version: 13"], "400 Bad Request"),
        (
            ["Upgrade: websocket", "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==", "Sec-WebSocket-Version: 7"],
            "400 Bad Request",
        ),
    ],
)
def test_bad_handshakes(headers: list[str], status: str) -> None:
    async def answer(request: Request) -> Response:
        raise AssertionError("the Worker was asked")

    async def check() -> None:
        async with serving(answer) as port:
            assert parts(await raw(port, upgrade(*headers)))[0] == f"HTTP/1.1 {status}"

    run(check())


@pytest.mark.parametrize(
    ("response", "status", "body"),
    [
        (Response.make(b"denied", 403, "", Headers([("x-why", "no")])), 403, b"denied"),
        (JsException("PythonError", "Traceback"), 500, b"PythonError: Traceback"),
    ],
)
def test_a_worker_may_refuse(response: Response | JsException, status: int, body: bytes) -> None:
    async def answer(request: Request) -> Response:
        if isinstance(response, JsException):
            raise response
        return response

    async def check() -> None:
        async with serving(answer) as port:
            with pytest.raises(InvalidStatus) as caught:
                await connect(f"ws://127.0.0.1:{port}/", proxy=None)
            assert caught.value.response.status_code == status
            assert caught.value.response.body == body

    run(check())


def test_the_request_of_an_upgrade() -> None:
    seen: list[str] = []

    async def answer(request: Request) -> Response:
        seen.append(f"{request.method} {request.url} {request.headers.get_str('upgrade')}")
        return Peer().response()

    async def check() -> None:
        async with serving(answer) as port:
            async with connect(f"ws://127.0.0.1:{port}/a/../b?x", proxy=None):
                pass
            assert seen == [f"GET http://127.0.0.1:{port}/b?x websocket"]

    run(check())
