"""WebSockets through a container object (spec sandbox-and-containers.md section 3.4)."""

from __future__ import annotations

from typing import Any

import pytest

from edge.http.request import Request
from edge.http.response import Response
from edge.http.websocket import WebSocket, WebSocketPair
from edge.testing.socket import SocketClosed
from tests.sandbox.container.double import Rig


class Inside:
    """A WebSocket server in the container: it echoes, and does what it is told."""

    def __init__(self, rig: Rig) -> None:
        self.heard: list[Any] = []
        self.socket: WebSocket | None = None
        rig.plan.services[8080] = self.answer

    async def answer(self, request: Request) -> Response:
        if request.headers.get_str("upgrade") != "websocket":
            return Response.make(b"")
        pair = WebSocketPair.js_new()
        client, server = pair.object_values()
        server.binaryType = "arraybuffer"
        server.accept()
        server.addEventListener("message", lambda event: self._message(server, event.data))
        server.addEventListener("close", lambda event: self.heard.append(("close", event.code, event.reason)))
        self.socket = server
        return Response.make(b"", status=101, headers=None, web_socket=client)

    def _message(self, server: Any, data: Any) -> None:
        self.heard.append(data if isinstance(data, str) else data.to_bytes())
        if data == "bye":
            server.close(4001, "enough")
        else:
            server.send(data)


@pytest.fixture
def inside(rig: Rig) -> Inside:
    return Inside(rig)


def test_messages_both_ways(rig: Rig, inside: Inside) -> None:
    async def main() -> None:
        async with rig.world.client.websocket("/ws") as socket:
            await socket.send("text")
            assert await socket.receive() == "text"
            await socket.send(b"\x00\xff")
            assert await socket.receive() == b"\x00\xff"
        await rig.world.advance("1s")

    rig.world.run(main())
    assert inside.heard == ["text", b"\x00\xff", ("close", 1000, "")]


def test_messages_keep_their_order(rig: Rig, inside: Inside) -> None:
    sent: list[str | bytes] = [b"x" * 10_000 if n % 2 else f"t{n}" for n in range(50)]

    async def main() -> list[str | bytes]:
        async with rig.world.client.websocket("/ws") as socket:
            for message in sent:
                await socket.send(message)
            return [await socket.receive() for _ in sent]

    assert rig.world.run(main()) == sent


def test_the_containers_close_reaches_the_client(rig: Rig, inside: Inside) -> None:
    async def main() -> None:
        async with rig.world.client.websocket("/ws") as socket:
            await socket.send("bye")
            with pytest.raises(SocketClosed, match="4001 enough"):
                await socket.receive()

    rig.world.run(main())


def test_messages_renew_the_timer_and_an_open_socket_holds_it(rig: Rig, inside: Inside) -> None:
    async def main() -> None:
        async with rig.world.client.websocket("/ws") as socket:
            await rig.world.advance("30m")
            assert rig.plan.only.running, "an open socket is a request in flight"
            await socket.send("still here")
            assert await socket.receive() == "still here"
        await rig.world.advance("9m")
        assert rig.plan.only.running
        await rig.world.advance("2m")
        assert not rig.plan.only.running

    rig.world.run(main())
