"""KV with distance, in virtual time: what a place sees, when it sees it, and what it pays."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar

import pytest

from edge.kernel.clock import VirtualClock
from edge.kv.errors import KvStorageError
from edge.kv.logic.entry import Entry
from edge.kv.logic.options import PutOptions
from edge.kv.logic.refusal import KvRefused
from edge.kv.namespace import Namespace
from edge.kv.places import Leg
from edge.kv.store import Store
from tests.loops import run_virtual

LEG_S = {Leg.CACHE: 0.001, Leg.TO_CENTRE: 0.05, Leg.FROM_CENTRE: 0.05, Leg.READ: 0.0, Leg.WRITE: 0.0}


class TwoPlaces:
    """Code runs where the test says; every place is equally far from the centre."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self.place: ContextVar[str] = ContextVar("place", default="AMS")
        self.legs: list[tuple[str, Leg]] = []

    def here(self) -> str:
        return self.place.get()

    def region(self, place: str) -> str | None:
        return None

    async def travel(self, place: str, leg: Leg) -> None:
        if leg not in (Leg.READ, Leg.WRITE):  # which take no time here
            self.legs.append((place, leg))
        await self._clock.sleep(LEG_S[leg])


class World:
    """A namespace, its clock and its places."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.model = TwoPlaces(self.clock)
        self.store = Store(None, self.clock)
        self.kv = Namespace(self.store, self.clock, self.model)

    async def at(self, place: str, key: str, cache_ttl_s: int | None = None) -> bytes | None:
        self.model.place.set(place)
        return await self.kv.get(key, cache_ttl_s)


def play(scenario: Callable[[World], Awaitable[None]]) -> None:
    world = World()

    async def whole() -> None:
        await scenario(world)
        await world.kv.close()

    run_virtual(whole(), world.clock)


def test_another_place_sees_a_write_when_its_copy_is_too_old() -> None:
    async def scenario(world: World) -> None:
        await world.kv.put("k", b"old")
        assert await world.at("SFO", "k") == b"old"
        await world.clock.sleep(2)
        world.model.place.set("AMS")
        await world.kv.put("k", b"new")
        assert await world.at("AMS", "k") == b"new", "the place that wrote sees it at once"
        assert await world.at("SFO", "k") == b"old"
        await world.clock.sleep(59)
        assert await world.at("SFO", "k") == b"new"

    play(scenario)


def test_absence_is_believed_for_as_long() -> None:
    async def scenario(world: World) -> None:
        assert await world.at("SFO", "k") is None
        world.model.place.set("AMS")
        await world.kv.put("k", b"v")
        assert await world.at("SFO", "k") is None
        await world.clock.sleep(60)
        assert await world.at("SFO", "k") == b"v"

    play(scenario)


def test_hits_are_near_and_misses_far() -> None:
    async def scenario(world: World) -> None:
        start_s = world.clock.monotonic()
        await world.at("SFO", "k")
        assert world.clock.monotonic() - start_s == pytest.approx(0.1)
        start_s = world.clock.monotonic()
        await world.at("SFO", "k")
        assert world.clock.monotonic() - start_s == pytest.approx(0.001)
        assert world.kv.peek("k") is None, "nothing is looked up in passing"

    play(scenario)


def test_old_copies_are_refreshed_in_the_background() -> None:
    async def scenario(world: World) -> None:
        await world.kv.put("k", b"old")
        await world.at("SFO", "k")
        await world.clock.sleep(2)
        world.model.place.set("AMS")
        await world.kv.put("k", b"new")
        await world.clock.sleep(45)
        world.model.legs.clear()
        assert await world.at("SFO", "k") == b"old", "the reader who asks for the refresh is not made to wait"
        assert await world.at("SFO", "k") == b"old"
        await world.clock.sleep(1)
        assert await world.at("SFO", "k") == b"new"
        assert world.model.legs.count(("SFO", Leg.TO_CENTRE)) == 1

    play(scenario)


def test_expiration_beats_the_copy() -> None:
    async def scenario(world: World) -> None:
        await world.kv.put("k", b"v", PutOptions(expiration_ttl_s=60))
        assert await world.at("SFO", "k", 3600) == b"v"
        await world.clock.sleep(60)
        assert await world.at("SFO", "k", 3600) is None

    play(scenario)


def test_value_that_expires_on_the_way_is_gone() -> None:
    async def scenario(world: World) -> None:
        expiration_ms = world.clock.now_ms() + 75
        await world.store.write("k", Entry(b"v", None, expiration_ms))
        assert await world.at("SFO", "k") is None

    play(scenario)


def test_write_overtakes_a_read_under_way() -> None:
    async def scenario(world: World) -> None:
        await world.kv.put("k", b"old")
        await world.clock.sleep(60)
        world.model.place.set("SFO")
        read = asyncio.create_task(world.kv.get("k"))
        # The write leaves 20 ms after the read and arrives when the read's answer is on its way back.
        await world.clock.sleep(0.02)
        await world.kv.put("k", b"new")
        assert await read == b"old"
        assert await world.kv.get("k") == b"new", "the old answer did not come back as a copy"

    play(scenario)


def test_one_write_a_second_per_key_wherever_it_comes_from() -> None:
    async def scenario(world: World) -> None:
        await world.kv.put("k", b"1")
        world.model.place.set("SFO")
        for refused in (world.kv.put("k", b"2"), world.kv.delete("k")):
            with pytest.raises(KvRefused) as raised:
                await refused
            assert (raised.value.status, raised.value.text) == (429, "Too Many Requests")
        await world.kv.put("other", b"1")
        await world.clock.sleep(1)
        await world.kv.put("k", b"3")
        assert await world.store.read("k") == Entry(b"3")

    play(scenario)


def test_lists_are_up_to_a_minute_old() -> None:
    async def scenario(world: World) -> None:
        await world.kv.put("a", b"1")
        assert [key.name for key in (await world.kv.list()).keys] == ["a"]
        await world.kv.put("b", b"1")
        assert [key.name for key in (await world.kv.list()).keys] == ["a"]
        assert [key.name for key in (await world.kv.list("b")).keys] == ["b"], (
            "each question has its own copy"
        )
        await world.clock.sleep(60)
        assert [key.name for key in (await world.kv.list()).keys] == ["a", "b"]

    play(scenario)


def test_failed_fetch_is_told_and_leaves_no_copy() -> None:
    async def scenario(world: World) -> None:
        await world.store.close()
        for failing in (world.kv.get("k"), world.kv.list()):
            with pytest.raises(KvStorageError):
                await failing

    play(scenario)
