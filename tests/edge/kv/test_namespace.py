"""The Python face: what it checks, in which order, and what it hands to the store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from edge.kv.logic.entry import ABSENT, Entry
from edge.kv.logic.listing import ListedKey
from edge.kv.logic.options import PutOptions
from edge.kv.logic.refusal import KeyNameRejected, KvRefused
from edge.kv.namespace import BulkValue, Namespace
from edge.kv.store import Store
from tests.edge.kv.worlds import START_S, SteppedClock
from tests.loops import run

NOW_MS = int(START_S) * 1000


def play(scenario: Callable[[Namespace, SteppedClock], Awaitable[None]]) -> None:
    async def whole() -> None:
        clock = SteppedClock()
        namespace = Namespace(Store(None, clock), clock)
        await scenario(namespace, clock)
        assert not namespace.closed
        await namespace.close()
        assert namespace.closed

    run(whole())


def test_round_trip() -> None:
    async def scenario(kv: Namespace, clock: SteppedClock) -> None:
        assert await kv.get("k") is None
        await kv.put("k", b"\0\xff", PutOptions(expiration_ttl_s=60, metadata_json="[1]"))
        assert await kv.get("k") == b"\0\xff"
        assert await kv.get_with_metadata("k") == Entry(b"\0\xff", "[1]", NOW_MS + 60_000)
        assert kv.peek("k") == Entry(b"\0\xff", "[1]", NOW_MS + 60_000)
        clock.now_s += 60
        assert await kv.get_with_metadata("k") is None
        assert kv.peek("k") is ABSENT
        await kv.delete("k")
        await kv.delete("never there")

    play(scenario)


def test_ttl_counts_from_the_whole_second() -> None:
    async def scenario(kv: Namespace, clock: SteppedClock) -> None:
        clock.now_s += 0.9
        await kv.put("k", b"v", PutOptions(expiration_ttl_s=60))
        entry = await kv.get_with_metadata("k")
        assert entry is not None
        assert entry.expiration_ms == NOW_MS + 60_000

    play(scenario)


@pytest.mark.parametrize("key", ["", ".", ".."])
def test_rejects_key_names(key: str) -> None:
    async def scenario(kv: Namespace, clock: SteppedClock) -> None:
        for use in (kv.get(key), kv.get_with_metadata(key), kv.put(key, b"v"), kv.delete(key)):
            with pytest.raises(KeyNameRejected):
                await use

    play(scenario)


def test_the_key_is_looked_at_first_and_the_value_last() -> None:
    async def never() -> AsyncIterator[bytes]:
        raise AssertionError("a stream is not read for a put that is refused anyway")
        yield b""

    async def scenario(kv: Namespace, clock: SteppedClock) -> None:
        bad = PutOptions(expiration_ttl_s=1, metadata_json="x" * 2000)
        with pytest.raises(KvRefused, match="exceeds key length"):
            await kv.put("k" * 513, never(), bad)
        with pytest.raises(KvRefused, match="Invalid expiration_ttl of 1"):
            await kv.put("k", never(), bad)
        with pytest.raises(KvRefused, match="Metadata length of 2000"):
            await kv.put("k", never(), PutOptions(metadata_json="x" * 2000))

    play(scenario)


def test_stream_that_is_too_long_is_counted_to_its_end() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(27):
            yield bytes(1024 * 1024)
        yield b"tail"

    async def scenario(kv: Namespace, clock: SteppedClock) -> None:
        with pytest.raises(KvRefused) as raised:
            await kv.put("k", chunks())
        assert raised.value.text == f"Value length of {27 * 1024 * 1024 + 4} exceeds limit of 26214400."
        assert await kv.get("k") is None

    play(scenario)


def test_stream_that_fails_stores_nothing() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"half"
        raise ConnectionError("gone")

    async def scenario(kv: Namespace, clock: SteppedClock) -> None:
        await kv.put("k", b"old")
        with pytest.raises(ConnectionError):
            await kv.put("k", chunks())
        assert await kv.get("k") == b"old"

    play(scenario)


def test_bulk() -> None:
    async def scenario(kv: Namespace, clock: SteppedClock) -> None:
        await kv.put("a", b"1", PutOptions(metadata_json="[]"))
        await kv.put("b", b"\xff")
        assert await kv.get_bulk(["b", "zz", "a", "b"]) == {
            "b": BulkValue("\ufffd", None),
            "zz": None,
            "a": BulkValue("1", "[]"),
        }
        assert await kv.get_bulk(["a"], decode=int) == {"a": BulkValue(1, "[]")}

    play(scenario)


def test_list_pages() -> None:
    async def scenario(kv: Namespace, clock: SteppedClock) -> None:
        for name in "abc":
            await kv.put(name, b"v")
        first = await kv.list(limit=2)
        assert first.keys == (ListedKey("a"), ListedKey("b"))
        assert (await kv.list(cursor=first.cursor)).keys == (ListedKey("c"),)

    play(scenario)
