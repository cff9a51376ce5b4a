"""Which orders vary, and which never do."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine
from typing import Any

from edge.kernel import tasks
from edge.kernel.clock import VirtualClock
from edge.kernel.loop import VirtualLoop
from edge.kernel.schedule import begin_strand


def run_seeded(seed: int, coro: Coroutine[Any, Any, Any]) -> Any:
    loop = VirtualLoop(VirtualClock(), random.Random(seed))
    tasks.install(loop)
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(coro)


async def strands(count: int, steps: int) -> list[tuple[int, int]]:
    """`count` strands that note each of their steps."""
    seen: list[tuple[int, int]] = []

    async def strand(number: int) -> None:
        begin_strand()
        for step in range(steps):
            await asyncio.sleep(0)
            seen.append((number, step))

    await asyncio.gather(*(strand(number) for number in range(count)))
    return seen


def test_strands_interleave_in_another_order_with_each_seed_and_the_same_with_the_same() -> None:
    orders = [run_seeded(seed, strands(4, 3)) for seed in range(20)]
    assert len({tuple(order) for order in orders}) > 15
    assert orders == [run_seeded(seed, strands(4, 3)) for seed in range(20)]


def test_each_strand_keeps_its_own_order() -> None:
    for seed in range(20):
        seen = run_seeded(seed, strands(5, 6))
        for number in range(5):
            assert [step for strand, step in seen if strand == number] == list(range(6))


def test_outside_of_strands_the_first_is_first() -> None:
    async def main() -> list[int]:
        seen: list[int] = []
        loop = asyncio.get_running_loop()
        for number in range(40):
            loop.call_soon(seen.append, number)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return seen

    for seed in range(10):
        assert run_seeded(seed, main()) == list(range(40))


def test_callbacks_of_one_future_run_in_the_order_they_were_added() -> None:
    async def main() -> list[int]:
        seen: list[int] = []
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def add(number: int) -> None:
            begin_strand()
            future.add_done_callback(lambda _: seen.append(number))

        for number in range(10):
            await asyncio.create_task(add(number))
        future.set_result(None)
        await asyncio.sleep(1)
        return seen

    for seed in range(20):
        assert run_seeded(seed, main()) == list(range(10))


def test_nobody_waits_for_ever_in_a_crowd() -> None:
    async def main() -> int:
        turns = 0
        done = False

        async def busy() -> None:
            begin_strand()
            while not done:
                await asyncio.sleep(0)

        crowd = [asyncio.create_task(busy()) for _ in range(200)]

        async def one() -> None:
            nonlocal turns
            begin_strand()
            for _ in range(10):
                await asyncio.sleep(0)
                turns += 1

        await one()
        done = True
        await asyncio.gather(*crowd)
        return turns

    assert run_seeded(1, main()) == 10
