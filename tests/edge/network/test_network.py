"""The network: draws from the seed, pairs that keep their latency, messages that vary."""

from __future__ import annotations

import pytest

from edge.js.errors import JsException
from edge.kernel.clock import VirtualClock
from edge.kernel.random import RandomStreams
from edge.network.network import Network, open_network
from edge.network.places import distance_km, places
from edge.network.profile import Links, Profile, WorkerStart, load_profile
from edge.network.spread import Spread
from tests.loops import run_virtual


def network(seed: int = 1, profile: str | Profile = "edge", clock: VirtualClock | None = None) -> Network:
    opened = open_network(profile, RandomStreams(seed), clock or VirtualClock())
    assert opened is not None
    return opened


PAIRS = [("SYD", "LHR"), ("IAD", "FRA"), ("NRT", "GRU"), ("AMS", "CDG")]


def test_a_pair_keeps_its_latency_both_ways() -> None:
    world = network()
    for one, other in PAIRS:
        assert world.way_ms(one, other) == world.way_ms(other, one) == world.way_ms(one, other)


def test_the_same_seed_draws_the_same_whatever_the_order() -> None:
    one, other = network(7), network(7)
    forwards = [one.way_ms(*pair) for pair in PAIRS]
    backwards = [other.way_ms(*pair) for pair in reversed(PAIRS)]
    assert forwards == backwards[::-1]


def test_seeds_differ() -> None:
    assert len({network(seed).way_ms("SYD", "LHR") for seed in range(20)}) == 20


def test_what_one_link_carries_does_not_change_another() -> None:
    quiet, busy = network(3), network(3)
    for _ in range(100):
        busy.depart("AMS", "CDG")
    assert quiet.depart("SYD", "LHR") == busy.depart("SYD", "LHR")


def test_no_message_outruns_light_in_fibre() -> None:
    for seed in range(30):
        world = network(seed)
        for one, other in PAIRS:
            floor_ms = distance_km(places()[one], places()[other]) * 5e-3
            assert world.depart(one, other)[0] * 1000 > floor_ms


def test_measured_round_trips_are_within_the_model() -> None:
    # Round trips between data centres in ms, from the table that `docs/latency-model.md` names.
    measured = {("IAD", "DUB"): 80.5, ("FRA", "SYD"): 323.5, ("SJC", "NRT"): 102.5, ("SIN", "NRT"): 73.8}
    for (one, other), rtt_ms in measured.items():
        drawn = sorted(network(seed).round_trip_s(one, other) * 1000 for seed in range(400))
        assert drawn[4] < rtt_ms < drawn[-5], (one, other)


def test_jitter_is_new_for_each_message() -> None:
    world = network()
    assert len({world.depart("SYD", "LHR")[0] for _ in range(50)}) == 50


def test_a_fixed_profile_is_exact() -> None:
    profile = Profile("lab", links=Links(base_ms=1.0, fibre_us_per_km=5.0, detour=Spread(2.0, 2.0)))
    km = distance_km(places()["SYD"], places()["MEL"])
    assert network(profile=profile).way_ms("SYD", "MEL") == pytest.approx(1.0 + km * 5e-3 * 2)
    assert network(profile=profile).way_ms("SYD", "SYD") == 1.0


def test_travelling_takes_the_time_of_the_way() -> None:
    clock = VirtualClock()
    world = network(profile=Profile("lab", links=Links(base_ms=25.0)), clock=clock)

    async def scenario() -> None:
        await world.travel("SYD", "SYD")

    run_virtual(scenario(), clock)
    assert clock.elapsed_s == pytest.approx(0.025)


def test_a_client_keeps_its_last_mile() -> None:
    clock = VirtualClock()
    world = network(clock=clock)
    arrivals: list[float] = []

    async def scenario() -> None:
        for _ in range(2):  # two clients
            way = world.client_way("SYD")
            for _ in range(20):
                began_s = clock.monotonic()
                await way.there.crossing()
                arrivals.append(clock.monotonic() - began_s)

    run_virtual(scenario(), clock)
    first, second = min(arrivals[:20]), min(arrivals[20:])
    assert abs(first - second) > 1e-3, "two clients live at different distances"


def test_messages_of_a_line_never_overtake() -> None:
    clock = VirtualClock()
    world = network(profile=Profile("lab", links=Links(base_ms=1.0, jitter=Spread(1.0, 50.0))), clock=clock)
    came: list[int] = []

    async def scenario() -> None:
        line = world.way("SYD", "SYD", "test").there
        for number in range(200):
            line.send(lambda number=number: came.append(number), _unexpected)
            await clock.sleep(0.001)
        await clock.sleep(5)

    run_virtual(scenario(), clock)
    assert came == list(range(200))


def test_a_line_is_a_pipe() -> None:
    clock = VirtualClock()
    world = network(profile=Profile("lab", links=Links(base_ms=100.0)), clock=clock)
    came_s: list[float] = []

    async def scenario() -> None:
        line = world.way("SYD", "SYD", "test").there
        for _ in range(5):
            line.send(lambda: came_s.append(round(clock.monotonic(), 6)), _unexpected)
            await clock.sleep(0.01)
        await clock.sleep(1)

    run_virtual(scenario(), clock)
    assert came_s == [0.1, 0.11, 0.12, 0.13, 0.14]


def test_a_worker_starts_where_it_does_not_run() -> None:
    clock = VirtualClock()
    profile = Profile("lab", worker=WorkerStart(cold_start=Spread(500.0, 500.0), idle_s=60.0))
    world = network(profile=profile, clock=clock)
    took_s: list[float] = []

    async def start(worker: str, place: str) -> None:
        began_s = clock.monotonic()
        await world.worker_ready(worker, place)
        took_s.append(round(clock.monotonic() - began_s, 6))

    async def scenario() -> None:
        await start("a", "SYD")
        await start("a", "SYD")
        await start("a", "LHR")
        await start("b", "SYD")
        await clock.sleep(59)
        await start("a", "LHR")
        await start("b", "SYD")
        await clock.sleep(61)
        await start("a", "SYD")

    run_virtual(scenario(), clock)
    assert took_s == [0.5, 0.0, 0.5, 0.5, 0.0, 0.0, 0.5]


def test_container_phases_are_drawn_from_the_profile() -> None:
    world = network(profile="streaming-seed")
    assert all(2.0 <= world.phase_s("boot") <= 5.0 for _ in range(100))
    assert world.phase_s("file_write") == pytest.approx(0.1)
    assert world.phase_s("image_pull") == 0.0, "a phase that the profile leaves out costs nothing"


def test_no_network_for_the_profile_none() -> None:
    assert load_profile("none") is None
    assert open_network("none", RandomStreams(1), VirtualClock()) is None
    assert open_network(None, RandomStreams(1), VirtualClock()) is None


def _unexpected(reason: JsException) -> None:
    raise AssertionError(reason)
