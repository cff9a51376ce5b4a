"""Timers on the world's clock and under a Durable Object's guard."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from edge.js.builtins.timers import Timers, timer_globals
from edge.js.errors import JsException
from edge.js.objects import JsObject
from edge.kernel.clock import VirtualClock
from edge.kernel.tasks import resume_guard
from tests.loops import run_virtual


def in_world(body: Any) -> Any:
    clock = VirtualClock()
    timers = Timers(clock)
    return run_virtual(body(clock, JsObject(timer_globals(timers)), timers), clock)


def test_timeouts_fire_in_order_and_can_be_cleared() -> None:
    async def body(clock: VirtualClock, js: Any, timers: Timers) -> list[Any]:
        seen: list[Any] = []

        def note(*args: Any) -> None:
            seen.append((round(clock.elapsed_s, 3), *args))

        js.setTimeout(note, 20, "b")
        js.setTimeout(note, 10, "a", 1)
        js.clearTimeout(js.setTimeout(note, 5))
        js.clearTimeout(None)
        js.setTimeout(note)
        await clock.advance(1)
        return seen

    assert in_world(body) == [(0.0,), (0.01, "a", 1), (0.02, "b")]


def test_intervals_repeat() -> None:
    async def body(clock: VirtualClock, js: Any, timers: Timers) -> int:
        count = 0

        async def tick() -> None:
            nonlocal count
            await asyncio.sleep(0)
            count += 1

        timer = js.setInterval(tick, 10)
        await clock.advance(0.055)
        js.clearInterval(timer)
        await clock.advance(1)
        return count

    assert in_world(body) == 5


def test_cancel_all() -> None:
    async def body(clock: VirtualClock, js: Any, timers: Timers) -> list[int]:
        seen: list[int] = []
        js.setTimeout(lambda: seen.append(1), 1)
        timers.cancel_all()
        await clock.advance(1)
        return seen

    assert in_world(body) == []


def test_wait_and_microtasks() -> None:
    async def body(clock: VirtualClock, js: Any, timers: Timers) -> Any:
        seen: list[str] = []
        js.queueMicrotask(lambda: seen.append("microtask"))
        seen.append("code")
        await js.scheduler.wait(250)
        return seen, clock.elapsed_s

    assert in_world(body) == (["code", "microtask"], 0.25)


def test_callbacks_must_be_functions() -> None:
    async def body(clock: VirtualClock, js: Any, timers: Timers) -> None:
        with pytest.raises(JsException) as raised:
            js.setTimeout("code", 1)
        assert raised.value.message == (
            "Failed to execute 'setTimeout' on 'ServiceWorkerGlobalScope': parameter 1 is not of type "
            "'Function'."
        )

    in_world(body)


def test_a_failing_callback_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def body(clock: VirtualClock, js: Any, timers: Timers) -> None:
        js.setTimeout(lambda: 1 / 0, 1)
        await clock.advance(1)

    with caplog.at_level(logging.ERROR, logger="edge.tasks"):
        in_world(body)
    assert [record.getMessage() for record in caplog.records] == ["task callback failed"]


def test_a_shut_gate_holds_callbacks_back() -> None:
    class Gate:
        future: asyncio.Future[None] | None = None

        def blocked(self) -> asyncio.Future[None] | None:
            return self.future

        def adopt(self, task: asyncio.Task[Any]) -> None:
            adopted.append(task)

    adopted: list[asyncio.Task[Any]] = []

    async def body(clock: VirtualClock, js: Any, timers: Timers) -> list[float]:
        seen: list[float] = []
        gate = Gate()
        resume_guard.set(gate)
        js.setTimeout(lambda: seen.append(clock.elapsed_s), 10)
        resume_guard.set(None)
        gate.future = asyncio.get_running_loop().create_future()
        await clock.advance(1)
        shut, gate.future = gate.future, None
        shut.set_result(None)
        await clock.run_until_idle()
        return seen

    assert in_world(body) == [1.0]
    assert [task.get_name() for task in adopted] == ["timer", "callback"]
