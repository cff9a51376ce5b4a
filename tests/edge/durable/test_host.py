"""Objects of a class: delivery, durability, eviction, reset."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from edge.kernel.clock import VirtualClock, WallClock
from tests.edge.durable.code import hosting
from tests.loops import run, run_virtual


class Counter:
    def __init__(self, ctx: Any, env: Any) -> None:
        self.storage = ctx.storage
        self.ctx = ctx
        self.memory = 0

    async def increment(self) -> int:
        count = (await self.storage.get("count") or 0) + 1
        await self.storage.put("count", count)
        self.memory += 1
        return count

    async def in_memory(self) -> int:
        return self.memory


def test_increments_survive_eviction(tmp_path: Path) -> None:
    async def main() -> list[int]:
        async with hosting(Counter, directory=tmp_path) as host:
            stub = host.namespace().getByName("a")
            results = [await stub.increment() for _ in range(3)]
            host.evict(str(stub.id))
            return [*results, await stub.in_memory(), await stub.increment()]

    assert run_virtual(main()) == [1, 2, 3, 0, 4]


def test_concurrent_increments_share_commits(tmp_path: Path) -> None:
    async def main() -> tuple[list[int], int]:
        async with hosting(Counter, WallClock(), directory=tmp_path) as host:
            stub = host.namespace().getByName("a")
            await stub.increment()
            actor = host.actor(stub.id)
            before = actor.commits.count
            results = await asyncio.gather(*(stub.increment() for _ in range(16)))
            return results, actor.commits.count - before

    results, commits = run(main())
    assert results == list(range(2, 18))
    assert commits == 1


def test_an_idle_object_is_put_away_after_ten_seconds() -> None:
    clock = VirtualClock()

    async def main() -> list[int]:
        async with hosting(Counter, clock) as host:
            stub = host.namespace().getByName("a")
            await stub.increment()
            await clock.sleep(9.9)
            kept = await stub.in_memory()
            await clock.sleep(10.1)
            return [kept, await stub.in_memory(), await stub.increment()]

    assert run_virtual(main(), clock) == [1, 0, 2]
