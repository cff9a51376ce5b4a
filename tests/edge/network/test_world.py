"""A world with distance: where requests enter, where objects live, what arrives when, what KV knows where."""

from __future__ import annotations

from typing import Any

import pytest

from edge.http.streams.readable import ReadableStream
from edge.js.errors import JsException
from edge.network.errors import UnknownPlace
from edge.network.here import at_place
from edge.network.profile import Client, Durable, Kv, Links, Profile, WorkerStart
from edge.network.spread import Spread
from tests.edge.network.project import Project, play


def fixed(ms: float) -> Spread:
    return Spread(ms, ms)


def about(expected: float) -> Any:
    """To a fifth of a millisecond, or of a second."""
    return pytest.approx(expected, abs=0.2)


#: Exact figures: 5 µs a km on the great circle, 10 ms to the client, no chance.
LAB = Profile(
    "lab",
    links=Links(base_ms=1.0, fibre_us_per_km=5.0),
    client=Client(last_mile=fixed(10.0)),
    durable=Durable(hosts=("SYD", "LHR", "IAD")),
    kv=Kv(hot=fixed(2.0), cold=fixed(30.0), write=fixed(40.0), centres=("IAD",)),
)
SYD_LHR_MS = 86.1
LHR_IAD_MS = 30.5


def test_request_cf_says_where_the_client_is() -> None:
    async def scenario(project: Project) -> None:
        assert await project.get("colo", "syd") == "SYD Sydney Australia/Sydney"
        assert await project.get("colo", "Frankfurt") == "FRA Frankfurt Europe/Berlin"
        assert await project.get("colo") == "DFW Dallas America/Chicago", "the profile's default"

    play(scenario, network=LAB)


def test_a_place_without_a_network_takes_no_time() -> None:
    async def scenario(project: Project) -> None:
        assert await project.get("colo", "syd") == "SYD Sydney Australia/Sydney"
        assert project.clock.elapsed_s == 0

    play(scenario)


def test_an_unknown_place_is_refused() -> None:
    async def scenario(project: Project) -> None:
        with pytest.raises(UnknownPlace, match='unknown place "sdy"; did you mean SYD'):
            await project.get("colo", "sdy")

    play(scenario)


def test_a_request_crosses_the_last_mile_twice() -> None:
    async def scenario(project: Project) -> None:
        assert await project.timed_ms("colo", "syd") == about(20.0)

    play(scenario, network=LAB)


def test_a_worker_starts_once_at_each_place() -> None:
    profile = Profile("lab", worker=WorkerStart(cold_start=fixed(700.0)))

    async def scenario(project: Project) -> None:
        assert await project.timed_ms("colo", "syd") == about(700.0)
        assert await project.timed_ms("colo", "syd") == about(0.0)
        assert await project.timed_ms("colo", "lhr") == about(700.0)

    play(scenario, network=profile)


def test_service_bindings_stay_in_the_place() -> None:
    async def scenario(project: Project) -> None:
        assert await project.get("self", "syd") == "here"
        assert await project.timed_ms("self", "syd") == about(20.0)

    play(scenario, network=LAB)


def test_an_object_is_as_far_away_as_its_first_caller_made_it() -> None:
    async def scenario(project: Project) -> None:
        assert await project.timed_ms("incr/a", "syd") == about(22.0)
        assert await project.timed_ms("incr/a", "lhr") == about(20 + 2 * SYD_LHR_MS)
        assert await project.timed_ms("incr/b", "lhr") == about(22.0)
        assert await project.timed_ms("incr/c/oc", "lhr") == about(20 + 2 * SYD_LHR_MS)
        assert await project.timed_ms("incr/c/weur", "lhr") == about(20 + 2 * SYD_LHR_MS)

    play(scenario, network=LAB)


def test_a_new_object_costs_round_trips_and_a_cold_one_its_start() -> None:
    durable = Durable(hosts=("SYD",), cold_start=fixed(30.0), create_round_trips=2.0)
    profile = Profile("lab", links=Links(base_ms=50.0), durable=durable)

    async def scenario(project: Project) -> None:
        assert await project.timed_ms("incr/a", "syd") == about(2 * 100 + 30 + 100)
        assert await project.timed_ms("incr/a", "syd") == about(100)
        await project.clock.sleep(100)  # put away meanwhile
        assert await project.timed_ms("incr/a", "syd") == about(30 + 100)

    play(scenario, network=profile)


def test_calls_of_one_stub_arrive_in_their_order() -> None:
    async def scenario(project: Project) -> None:
        assert await project.get("order/a", "lhr") == str(list(range(20)))

    for seed in range(5):
        play(scenario, seed=seed, network="edge")


def test_commits_take_the_time_of_the_profile() -> None:
    profile = Profile("lab", durable=Durable(commit=fixed(5.0)))

    async def scenario(project: Project) -> None:
        assert await project.timed_ms("incr/a", "syd") == about(5.0)
        assert await project.timed_ms("read/a", "syd") == about(0.0)

    play(scenario, network=profile)


@pytest.mark.parametrize(("path", "way_ms"), [("ticks", 10.0), ("far-ticks/a/oc", 10.0 + SYD_LHR_MS)])
def test_each_chunk_arrives_one_way_after_it_was_sent(path: str, way_ms: float) -> None:
    """A pipe, not a store: gaps stay as they were sent."""

    async def scenario(project: Project) -> None:
        came_ms: list[float] = []
        response = await project.ask(path, "lhr")
        assert isinstance(response._payload, ReadableStream)
        async for _ in response._payload.chunks():
            came_ms.append(project.clock.monotonic() * 1000)
        there_ms = came_ms[0] - way_ms
        assert there_ms == about(way_ms), "the request went the same way"
        assert [round(came - came_ms[0]) for came in came_ms] == [0, 250, 500, 750]

    play(scenario, network=LAB)


class Ear:
    """Hears what arrives at the client."""

    def __init__(self, project: Project) -> None:
        self._clock = project.clock
        self.heard: list[tuple[float, object]] = []

    def on_message(self, data: str | bytes) -> None:
        self.heard.append((self._clock.monotonic() * 1000, data))

    def on_close(self, code: int, reason: str, was_clean: bool) -> None:
        self.heard.append((self._clock.monotonic() * 1000, (code, reason, was_clean)))

    def on_error(self, reason: JsException) -> None:
        raise AssertionError(reason)


async def connect(project: Project, path: str, place: str) -> tuple[Ear, object]:
    response = await project.ask(path, place, [("upgrade", "websocket")])
    end = response._web_socket
    assert end is not None
    ear = Ear(project)
    end._attach(ear)
    return ear, end


def test_messages_of_a_socket_go_all_the_way_and_back_in_order() -> None:
    async def scenario(project: Project) -> None:
        ear, end = await connect(project, "socket/a/oc", "lhr")
        began_ms = project.clock.monotonic() * 1000
        assert began_ms == about(2 * (10 + SYD_LHR_MS))
        for number in range(3):
            end._send(str(number))  # type: ignore[attr-defined]
        await project.clock.sleep(1)
        assert [data for _, data in ear.heard] == ["echo 0", "echo 1", "echo 2"]
        assert all(came - began_ms == about(2 * (10 + SYD_LHR_MS)) for came, _ in ear.heard)

    play(scenario, network=LAB)


# -- KV


def test_kv_is_hot_cold_and_as_far_as_its_centre() -> None:
    async def scenario(project: Project) -> None:
        cold_ms = 20 + 2 * LHR_IAD_MS + 30
        assert await project.timed_ms("get/k", "lhr") == about(cold_ms)
        assert await project.timed_ms("get/k", "lhr") == about(20 + 2), "absence is cached too"
        assert await project.timed_ms("get/k", "iad") == about(20 + 2 * 1 + 30)
        assert await project.timed_ms("put/k/new", "iad") == about(20 + 2 * 1 + 40)

    play(scenario, network=LAB)


def test_kv_is_stale_elsewhere_for_its_ttl_and_says_by_how_much() -> None:
    async def scenario(project: Project) -> None:
        assert await project.get("get/k", "lhr") == "None"
        await project.get("put/k/new", "iad")
        assert await project.get("get/k", "iad") == "new", "the place that wrote sees it"
        await project.clock.sleep(30)
        assert await project.get("get/k", "lhr") == "None"
        (stale,) = project.world.kv_stale_reads()["kv-id"]
        assert (stale.key, stale.place) == ("k", "LHR")
        assert stale.stale_s == about(30)
        assert stale.age_s == about(30.2)
        await project.clock.sleep(31)
        assert await project.get("get/k", "lhr") == "new"
        assert len(project.world.kv_stale_reads()["kv-id"]) == 1

    play(scenario, network=LAB)


def test_kv_never_answers_with_more_than_its_ttl() -> None:
    async def scenario(project: Project) -> None:
        for round_number in range(40):
            await project.get(f"put/k/{round_number}", ("iad", "syd")[round_number % 2])
            for place in ("lhr", "cdg", "syd", "fra"):
                await project.get("get/k", place)
            await project.clock.sleep(7)
        stale = project.world.kv_stale_reads()["kv-id"]
        assert len(stale) > 20
        assert all(0 < read.stale_s <= read.age_s < 60 for read in stale)

    for seed in range(3):
        play(scenario, seed=seed, network="edge")


def test_places_of_a_region_share_a_second_cache() -> None:
    kv = Kv(hot=fixed(2.0), regional=fixed(8.0), cold=fixed(30.0), centres=("IAD",), regional_tier=True)
    profile = Profile("lab", links=Links(base_ms=1.0, fibre_us_per_km=5.0), kv=kv)

    async def scenario(project: Project) -> None:
        await project.get("get/k", "lhr")
        assert await project.timed_ms("get/k", "cdg") == about(8.0), "from the region"
        await project.get("put/k/new", "iad")
        await project.clock.sleep(20)
        assert await project.get("get/k", "ams") == "None", "what the region holds is stale as well"
        (stale,) = project.world.kv_stale_reads()["kv-id"]
        assert stale.place == "AMS"
        assert stale.stale_s == about(20)
        await project.clock.sleep(41)
        assert await project.get("get/k", "ams") == "new", "a copy from the region is as old as it was there"

    play(scenario, network=profile)


def test_a_write_is_seen_at_once_where_it_was_made_region_or_not() -> None:
    async def scenario(project: Project) -> None:
        await project.get("get/k", "lhr")
        await project.get("get/k", "cdg")
        await project.get("put/k/new", "cdg")
        assert await project.get("get/k", "cdg") == "new"

    play(scenario, network="edge")


def test_kv_takes_one_write_a_second_to_a_key() -> None:
    async def scenario(project: Project) -> None:
        await project.get("put/k/1", "iad")
        await project.get("put/other/1", "iad")
        with pytest.raises(JsException, match="KV PUT failed: 429 Too Many Requests"):
            await project.get("put/k/2", "iad")
        await project.clock.sleep(1)
        await project.get("put/k/3", "iad")

    play(scenario, network=LAB)


def test_kv_can_be_read_from_a_place_without_a_worker() -> None:
    async def scenario(project: Project) -> None:
        namespace = project.world.kv_namespaces["kv-id"]._namespace
        with at_place("lhr"):
            assert await namespace.get("k") is None
        with at_place("iad"):
            await namespace.put("k", b"new")
        with at_place("lhr"):
            assert await namespace.get("k") is None
            assert namespace.stale_read_count == 1

    play(scenario, network=LAB)


# -- the same again


def test_the_same_seed_takes_the_same_time() -> None:
    def run(seed: int) -> list[float]:
        took: list[float] = []

        async def scenario(project: Project) -> None:
            for path in ("incr/a", "get/k", "put/k/v", "get/k", "far-ticks/a", "order/b"):
                for place in ("syd", "lhr", "iad"):
                    await project.clock.sleep(2)
                    took.append(await project.timed_ms(path, place))

        play(scenario, seed=seed, network="edge")
        return took

    assert run(5) == run(5)
    assert run(5) != run(6)
