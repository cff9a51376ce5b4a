"""Durable Objects from outside."""

from __future__ import annotations

from typing import Any

import apsw
import pytest

from edge.js.errors import JsException
from edge.testing.client import Client
from edge.testing.durable import StillNeeded
from edge.testing.world import WorldUnderTest

pytestmark = pytest.mark.edge(config="project")


async def test_eviction_loses_memory_and_keeps_storage(client: Client, world: WorldUnderTest) -> None:
    rooms = world.durable("ROOM")
    assert (await client.get("/visit")).json() == [1, 1]
    assert (await client.get("/visit")).json() == [2, 2]
    assert rooms.state("blue") == "idle"
    assert await rooms.evict("blue")
    assert rooms.state("blue") == "evicted"
    assert not await rooms.evict("blue")
    assert (await client.get("/visit")).json() == [1, 3]


async def test_storage_without_waking(env: Any, world: WorldUnderTest) -> None:
    rooms = world.durable("Room")
    room = env.ROOM.getByName("blue")
    await room.visit()
    await room.note("first")
    await rooms.evict("blue")
    stored = rooms.storage("blue")
    assert stored.keys() == ["total"]
    assert stored.keys("x") == []
    assert stored.items() == {"total": 1}
    assert (stored.get("total"), stored.get("none"), stored.get("none", 7)) == (1, None, 7)
    assert stored.sql("SELECT text, length(text) AS n FROM notes WHERE text = ?", "first") == [
        {"text": "first", "n": 5}
    ]
    with pytest.raises(apsw.ReadOnlyError):
        stored.sql("DELETE FROM notes")
    assert rooms.state("blue") == "evicted"


async def test_an_object_that_never_was(world: WorldUnderTest) -> None:
    rooms = world.durable("ROOM")
    stored = rooms.storage("nobody")
    assert (stored.keys(), stored.get("a"), stored.sql("SELECT 1"), stored.alarm) == ([], None, [], None)
    assert rooms.ids() == []
    assert not await rooms.run_alarm("nobody")
    assert not await rooms.hibernate("nobody")


async def test_ids(env: Any, world: WorldUnderTest) -> None:
    rooms = world.durable("ROOM")
    await env.ROOM.getByName("blue").visit()
    assert rooms.ids() == [rooms.id("blue")]
    assert rooms.id(rooms.id("blue")) == rooms.id("blue")
    assert rooms.id(env.ROOM.idFromName("blue")) == rooms.id("blue")
    with pytest.raises(JsException, match=r"Durable Object ID is not valid for this namespace\."):
        rooms.id("0" * 64)


async def test_alarms(env: Any, world: WorldUnderTest) -> None:
    rooms = world.durable("ROOM")
    await env.ROOM.getByName("blue").arm(60_000)
    assert rooms.storage("blue").alarm == world.now + 60
    assert await rooms.run_alarm("blue")
    assert rooms.storage("blue").get("runs") == 1
    assert not await rooms.run_alarm("blue")
    await env.ROOM.getByName("blue").arm(60_000)
    await world.advance(59)
    assert rooms.storage("blue").get("runs") == 1
    await world.advance(1)
    assert rooms.storage("blue").get("runs") == 2


async def test_hibernation_and_what_stands_against_it(
    client: Client, env: Any, world: WorldUnderTest
) -> None:
    rooms = world.durable("ROOM")
    async with client.websocket("/chat") as socket:
        assert rooms.blockers("blue") == []
        assert await rooms.hibernate("blue")
        assert rooms.state("blue") == "hibernated"
        assert not await rooms.hibernate("blue")
        await socket.send("still there?")
        assert await socket.receive() == "echo still there?"
        await env.ROOM.getByName("blue").tick_later()
        with pytest.raises(StillNeeded) as needed:
            await rooms.hibernate("blue")
        assert str(needed.value) == ("ROOM blue does not hibernate: a timer or an outgoing call is pending")
        assert await rooms.evict("blue")


async def test_an_object_at_work_is_not_evicted(env: Any, world: WorldUnderTest) -> None:
    from edge.kernel.tasks import spawn

    work = spawn(env.ROOM.getByName("blue").linger(), name="linger")
    with pytest.raises(StillNeeded, match="ROOM blue is at work: a request is still running"):
        await world.durable("ROOM").evict("blue")
    await work


async def test_an_idle_object_hibernates_by_itself(client: Client, world: WorldUnderTest) -> None:
    async with client.websocket("/chat"):
        await world.advance("9s")
        assert world.durable("ROOM").state("blue") == "idle"
        await world.advance("1s")
        assert world.durable("ROOM").state("blue") == "hibernated"
