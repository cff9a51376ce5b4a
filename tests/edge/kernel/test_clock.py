from __future__ import annotations

import asyncio
import time

import pytest

from edge.kernel.clock import VirtualClock, WallClock
from tests.loops import run, run_virtual


def test_a_year_of_virtual_sleep_takes_no_time() -> None:
    clock = VirtualClock(start_s=1000.0)
    started = time.perf_counter()
    run_virtual(clock.sleep(365 * 86_400), clock)
    assert clock.now() == 1000.0 + 365 * 86_400
    assert time.perf_counter() - started < 1.0


def test_virtual_timers_fire_in_order_of_time_then_of_asking() -> None:
    clock = VirtualClock()
    fired: list[str] = []

    async def main() -> None:
        base_s = clock.now()
        clock.call_at(base_s + 2, lambda: fired.append("late"))
        clock.call_at(base_s + 1, lambda: fired.append("first"))
        clock.call_at(base_s + 1, lambda: fired.append("second"))
        clock.call_at(base_s + 1, lambda: fired.append("taken back")).cancel()
        await clock.advance(3)

    run_virtual(main(), clock)
    assert fired == ["first", "second", "late"]


def test_a_timer_for_the_past_fires_at_once() -> None:
    clock = VirtualClock()
    fired: list[float] = []

    async def main() -> None:
        clock.call_at(0.0, lambda: fired.append(clock.now()))
        await clock.run_until_idle()

    started = clock.now()
    run_virtual(main(), clock)
    assert fired == [started]


def test_time_does_not_go_back() -> None:
    clock = VirtualClock()
    with pytest.raises(ValueError, match="a duration is not negative: -1"):
        run_virtual(clock.advance(-1), clock)


def test_run_until_idle_lets_no_time_pass() -> None:
    clock = VirtualClock()
    steps: list[int] = []

    async def hop(count: int) -> None:
        for step in range(count):
            await asyncio.sleep(0)
            steps.append(step)

    async def main() -> None:
        task = asyncio.get_running_loop().create_task(hop(50))
        sleeper = asyncio.get_running_loop().create_task(clock.sleep(10))
        await clock.run_until_idle()
        assert task.done()
        assert not sleeper.done()
        sleeper.cancel()

    before = clock.now()
    run_virtual(main(), clock)
    assert steps == list(range(50))
    assert clock.now() == before


def test_a_hold_keeps_time_from_jumping_over_real_work() -> None:
    clock = VirtualClock()

    async def main() -> tuple[str, float]:
        loop = asyncio.get_running_loop()
        with clock.hold():
            work = loop.run_in_executor(None, lambda: time.sleep(0.15))
            async with asyncio.timeout(30):
                await work
        return "finished", clock.elapsed_s

    outcome, elapsed_s = run_virtual(main(), clock)
    assert outcome == "finished"
    assert elapsed_s < 30


def test_virtual_milliseconds_are_whole() -> None:
    clock = VirtualClock(start_s=1_767_225_600.0)
    clock.elapsed_s = 0.1 + 0.2
    assert clock.now_ms() == 1_767_225_600_300


def test_wall_clock_follows_the_system() -> None:
    clock = WallClock()
    assert abs(clock.now() - time.time()) < 1.0
    assert abs(clock.now_ms() / 1000 - time.time()) < 1.0
    assert clock.monotonic() <= clock.monotonic()


def test_a_wall_timer_never_fires_early() -> None:
    clock = WallClock()

    async def main() -> float:
        due_s = clock.now() + 0.03
        done = asyncio.Event()
        clock.call_at(due_s, done.set)
        await done.wait()
        return clock.now() - due_s

    assert run(main()) >= 0


def test_wall_sleep_until_a_past_time_returns() -> None:
    clock = WallClock()

    async def main() -> str:
        await clock.sleep_until(clock.now() - 5)
        with clock.hold():
            return "returned"

    assert run(main()) == "returned"


def test_a_hundred_thousand_wake_ups() -> None:
    clock = VirtualClock()
    count = 20_000

    async def main() -> None:
        await asyncio.gather(*(clock.sleep(3600 + index) for index in range(count)))

    run_virtual(main(), clock)
    assert clock.elapsed_s == 3600 + count - 1
