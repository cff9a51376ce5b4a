"""The way to what Workers under test fetch, in a world with distance."""

from __future__ import annotations

import pytest

from edge.js.errors import JsException
from edge.kernel.clock import VirtualClock
from edge.kernel.random import RandomStreams
from edge.network.network import Network
from edge.network.outside import Outside
from edge.network.profile import Outbound, Profile
from edge.network.spread import Spread
from edge.testing.client import Client
from edge.testing.world import WorldUnderTest
from tests.loops import run_virtual

pytestmark = pytest.mark.edge(config="project", network="far.toml", faults=[])
SYD_LHR_MS = 86.10238
ELSEWHERE = "/out?https://elsewhere.example/"


async def took_ms(client: Client, world: WorldUnderTest, path: str) -> float:
    began_s = world.now
    await client.get(path)
    return (world.now - began_s) * 1000


async def test_a_mocked_answer_takes_the_round_trip_and_its_own_delay(
    client: Client, world: WorldUnderTest
) -> None:
    api = world.mock_fetch("https://elsewhere.example/*", delay="1s")
    began_s = world.now
    assert await took_ms(client, world, ELSEWHERE) == pytest.approx(1040, abs=0.01)
    assert (api.calls[0].at_s - began_s) * 1000 == pytest.approx(20, abs=0.01), "when it was there"


async def test_a_host_may_be_in_a_place(client: Client, world: WorldUnderTest) -> None:
    world.mock_fetch("*")
    assert await took_ms(client(place="syd"), world, "/out") == pytest.approx(2 * SYD_LHR_MS, abs=0.01)
    assert await took_ms(client(place="lhr"), world, "/out") == pytest.approx(2, abs=0.01)


async def test_the_way_to_a_place_may_be_cut(client: Client, world: WorldUnderTest) -> None:
    world.mock_fetch("*")
    world.faults.add("partition", between=("SYD", "LHR"), lasts="1m")  # type: ignore[union-attr]
    with pytest.raises(JsException, match="Network connection lost"):
        await client(place="syd").get("/out")


async def test_a_failure_comes_back_the_same_way(client: Client, world: WorldUnderTest) -> None:
    world.mock_fetch("*", error=JsException("Error", "no"))
    began_s = world.now
    with pytest.raises(JsException, match="no"):
        await client.get(ELSEWHERE)
    assert (world.now - began_s) * 1000 == pytest.approx(40, abs=0.01)


@pytest.mark.edge(network="none")
async def test_without_distance_a_mock_takes_its_delay(client: Client, world: WorldUnderTest) -> None:
    world.mock_fetch("*", delay="1s")
    assert await took_ms(client, world, ELSEWHERE) == pytest.approx(1000, abs=0.01)


def test_a_host_keeps_its_distance_from_a_place() -> None:
    profile = Profile("lab", outbound=Outbound(round_trip=Spread(10, 500, uniform=True)))

    def measured(seed: int) -> list[float]:
        clock = VirtualClock()
        outside = Outside(Network(profile, RandomStreams(seed), clock))

        async def answer() -> float:
            return clock.elapsed_s

        async def ask() -> list[float]:
            moments = [0.0]
            for host in ("a", "a", "b"):
                await outside.exchange(host, answer)
                moments.append(clock.elapsed_s)
            return [after - before for before, after in zip(moments, moments[1:], strict=False)]

        return run_virtual(ask(), clock)

    first, again, other = measured(1)
    assert 0.01 <= first == pytest.approx(again)
    assert first != pytest.approx(other)
    assert measured(1) == measured(1) != measured(2)
