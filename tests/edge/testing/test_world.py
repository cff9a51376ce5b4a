"""A world in a test: its time, its names, its loop."""

from __future__ import annotations

import time

import pytest

from edge.kernel.clock import VirtualClock, WallClock
from edge.testing.client import Client
from edge.testing.world import UnknownName, WorldUnderTest
from edge.world import World
from wrangler_compat.modules.dialect import PythonDialect

pytestmark = pytest.mark.edge(config="project")
START_S = 1_767_225_600.0  # 2026-01-01T00:00:00Z


async def test_everything_moves_together(client: Client, world: WorldUnderTest) -> None:
    assert (world.now, world.now_ms) == (START_S, 1_767_225_600_000)
    await world.advance("1h")
    told = (await client.get("/clock")).json()
    assert told["time"] == world.now == START_S + 3600
    assert told["now"] == "2026-01-01T01:00:00+00:00"
    assert told["js"] == world.now_ms


async def test_idle_is_reached_without_time_passing(client: Client, world: WorldUnderTest) -> None:
    async with client.stream("GET", "/tokens") as reply:
        await world.run_until_idle()
        assert world.now == START_S
        assert reply.chunks == []


def test_without_a_coroutine(world: WorldUnderTest) -> None:
    started_s = time.monotonic()
    assert world.run(world.client.get("/sleep?86400")).text == "slept"
    assert world.now == START_S + 86_400
    assert time.monotonic() - started_s < 10


@pytest.mark.edge(start="2030-05-06T07:08:09")
async def test_a_world_that_begins_elsewhere(client: Client) -> None:
    assert (await client.get("/clock")).json()["now"] == "2030-05-06T07:08:09+00:00"


async def test_a_seed_draws_the_same(world: WorldUnderTest, client: Client) -> None:
    other = WorldUnderTest(world.config, dialect=PythonDialect(), seed=world.seed, clock=world.clock)
    await other.start()
    drawn = (await client.get("/clock")).json()["random"]
    assert (await other.client.get("/clock")).json()["random"] == drawn
    await other.close()


async def test_unknown_names_list_the_known(world: WorldUnderTest) -> None:
    with pytest.raises(UnknownName, match="the Worker 'lab' has no KV namespace 'CASH'; it has CACHE"):
        world.kv("CASH")
    with pytest.raises(
        UnknownName, match="the Worker 'lab' has no Durable Object namespace 'RUM'; it has ROOM"
    ):
        world.durable("RUM")
    with pytest.raises(UnknownName, match="this world has no Worker 'shop'; it has lab"):
        world.kv("CACHE", worker="shop")


async def test_malformed_durations_are_refused(world: WorldUnderTest) -> None:
    with pytest.raises(ValueError, match="a duration is not negative: '-1h'"):
        await world.advance("-1h")
    with pytest.raises(ValueError, match="not a duration: 'soon'"):
        await world.advance("soon")


async def test_time_moves_by_itself_in_a_live_world(world: WorldUnderTest) -> None:
    live = World(world.config, dialect=PythonDialect(), clock=WallClock())
    with pytest.raises(RuntimeError, match=r"advance\(\) needs a world on a VirtualClock"):
        await live.advance(1)
    with pytest.raises(RuntimeError, match=r"run_until_idle\(\) needs a world on a VirtualClock"):
        await live.run_until_idle()


async def test_the_clock_fixture_is_the_worlds(clock: VirtualClock, world: WorldUnderTest) -> None:
    await clock.advance("1d")
    assert clock.now() == world.now == START_S + 86_400
