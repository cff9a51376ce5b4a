"""The whiteboard over days that take no time."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from edge.testing.client import Client
from edge.testing.socket import ClientSocket
from edge.testing.world import WorldUnderTest

pytestmark = pytest.mark.edge(config="../../examples/whiteboard")

STROKE = {"type": "stroke", "key": "k1", "color": "#22252e", "width": 5, "points": [1, 2, 3, 4]}


def board(client: Client, person: str) -> ClientSocket:
    query = {"id": person, "name": person.title(), "color": "#2f6fe4", "since": 0}
    return client.websocket(f"/b/plans/live?{urlencode(query)}")


async def test_an_idle_board_is_wiped_and_leaves_the_list(client: Client, world: WorldUnderTest) -> None:
    async with board(client, "ada") as ada:
        assert (await ada.receive_json())["type"] == "people"
        await world.advance("20h")
        await ada.send_json(STROKE)  # puts the end off
        assert (await ada.receive_json())["n"] == 1
        await world.advance("23h 59m 59s")
        assert ada.waiting == 0
        assert [listed["name"] for listed in (await client.get("/boards")).json()] == ["plans"]
        await world.advance("1s")
        assert (await ada.receive_json())["because"] == ("The board was idle for too long and has been wiped")
        assert (await client.get("/boards")).json() == []
        assert world.durable("BOARD").storage("plans").sql("SELECT n FROM log") == [{"n": 2}]


async def test_a_quiet_board_sleeps_through_heartbeats(client: Client, world: WorldUnderTest) -> None:
    boards = world.durable("BOARD")
    async with board(client, "ada") as ada:
        await ada.receive()
        for _ in range(60):
            await world.advance("30s")
            await ada.send("ping")
            assert await ada.receive() == "pong"
            assert boards.state("plans") == "hibernated"
        assert boards.blockers("plans") == []
        await ada.send_json(STROKE)
        assert (await ada.receive_json())["by"] == "ada"  # the person is attached to the socket
        assert boards.state("plans") == "idle"


async def test_a_visitor_who_vanishes_is_gone_for_the_others(client: Client) -> None:
    async with board(client, "ada") as ada:
        await ada.receive()
        async with board(client, "bob") as bob:
            assert len((await ada.receive_json())["people"]) == 2
            bob.drop()
        assert [person["name"] for person in (await ada.receive_json())["people"]] == ["Ada"]
