"""WebSockets in process, as a test opens them."""

from __future__ import annotations

import pytest

from edge.testing.client import Client
from edge.testing.socket import SocketClosed, UpgradeRefused
from edge.testing.world import WorldUnderTest

pytestmark = pytest.mark.edge(config="project")


async def test_talk(client: Client) -> None:
    async with client.websocket("/chat") as socket:
        await socket.send("hi")
        assert await socket.receive() == "echo hi"
        await socket.send(b"\x00\x01")
        assert await socket.receive() == b"\x00\x01"
        await socket.send_json({"a": 1})
        assert await socket.receive() == 'echo {"a": 1}'
        assert socket.waiting == 0
        assert socket.protocol is None


async def test_the_worker_sees_how_it_was_closed(client: Client, world: WorldUnderTest) -> None:
    rooms = world.durable("ROOM")
    async with client.websocket("/chat"):
        pass
    assert rooms.storage("blue").get("closed") == "1000  True"
    async with client.websocket("/chat") as socket:
        await socket.close(4000, "enough")
    assert rooms.storage("blue").get("closed") == "4000 enough True"
    async with client.websocket("/chat") as socket:
        socket.drop()
    assert rooms.storage("blue").get("closed") == (
        "1006 WebSocket disconnected without sending Close frame. False"
    )


async def test_an_exception_cuts_the_connection(client: Client, world: WorldUnderTest) -> None:
    with pytest.raises(KeyError):
        async with client.websocket("/chat"):
            raise KeyError
    await world.run_until_idle()
    assert world.durable("ROOM").storage("blue").get("closed").startswith("1006")


async def test_the_worker_closes(client: Client) -> None:
    async with client.websocket("/chat") as socket:
        await socket.send("hi")
        await socket.send("bye")
        assert [message async for message in socket] == ["echo hi"]
        assert (socket.close_code, socket.close_reason, socket.was_clean) == (4001, "as you wish", True)
        assert socket.is_closed
        with pytest.raises(SocketClosed, match="the WebSocket is closed: 4001 as you wish") as closed:
            await socket.receive()
        assert (closed.value.code, closed.value.reason) == (4001, "as you wish")
        with pytest.raises(SocketClosed):
            await socket.send("more")
        assert await socket.closed() == 4001


async def test_receiving_has_a_limit_in_the_worlds_time(client: Client, world: WorldUnderTest) -> None:
    async with client.websocket("/chat") as socket:
        began_s = world.now
        with pytest.raises(TimeoutError, match="no message came within 60 s"):
            await socket.receive()
        with pytest.raises(TimeoutError, match="no message came within 0.5 s"):
            await socket.receive_json("500ms")
        assert world.now == began_s + 60.5


async def test_subprotocols(client: Client) -> None:
    async with client.websocket("/chat", protocols=["chat", "other"], headers={"x-user": "ada"}) as socket:
        assert socket.protocol == "chat"


async def test_a_refused_upgrade(client: Client) -> None:
    with pytest.raises(UpgradeRefused) as refused:
        async with client.websocket("/nowhere"):
            pass
    assert str(refused.value) == "the Worker answered 404 instead of 101: 'no such path'"
    assert refused.value.status == 404


async def test_a_socket_is_opened_by_async_with(client: Client) -> None:
    with pytest.raises(RuntimeError, match="the WebSocket is not open"):
        await client.websocket("/chat").send("x")
