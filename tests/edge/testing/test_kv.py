"""KV from outside."""

from __future__ import annotations

from typing import Any

import pytest

from edge.kv.logic.refusal import KvRefused
from edge.testing.world import WorldUnderTest

pytestmark = pytest.mark.edge(config="project")


async def test_text_bytes_json_and_metadata(env: Any, world: WorldUnderTest) -> None:
    cache = world.kv("CACHE")
    await cache.put("text", "grün", metadata={"by": "test"})
    await cache.put("bytes", b"\xff")
    assert await cache.get("text") == "grün"
    assert await cache.get_bytes("bytes") == b"\xff"
    assert await cache.metadata("text") == {"by": "test"}
    assert await cache.metadata("bytes") is None
    assert await env.CACHE.get("text") == "grün"
    await env.CACHE.put("json", '{"a": 1}')
    assert await cache.get_json("json") == {"a": 1}
    assert await cache.get("none") is None
    assert await cache.get_json("none") is None


async def test_keys_come_in_pages(world: WorldUnderTest) -> None:
    cache = world.kv("CACHE")
    for number in range(1001):
        await cache.put(f"k{number:04}", "")
    await cache.delete("k0000")
    assert await cache.keys("k") == [f"k{number:04}" for number in range(1, 1001)]
    assert await cache.keys("x") == []


async def test_values_expire(world: WorldUnderTest) -> None:
    cache = world.kv("CACHE")
    await cache.put("brief", "x", ttl="1m")
    await world.advance("59s")
    assert await cache.get("brief") == "x"
    await world.advance("1s")
    assert await cache.get("brief") is None
    with pytest.raises(KvRefused, match="Expiration TTL must be at least 60"):
        await cache.put("brief", "x", ttl="59s")
