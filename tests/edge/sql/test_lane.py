"""Work on a connection: one after the other, and in nobody's context."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from pathlib import Path

import pytest

from edge.kernel.clock import VirtualClock, WallClock
from edge.kernel.tasks import resume_guard
from edge.sql.lane import Lane
from tests.loops import run, run_virtual


def test_work_is_done_in_its_order_and_never_at_once() -> None:
    running = threading.Lock()
    done: list[int] = []

    def work(number: int) -> int:
        assert running.acquire(blocking=False)
        done.append(number)
        running.release()
        return number

    async def script() -> list[int]:
        lane = Lane(WallClock())
        return list(await asyncio.gather(*(lane.run(lambda n=n: work(n)) for n in range(20))))

    assert run(script()) == done == list(range(20))


def test_a_failure_is_its_callers_own() -> None:
    async def script() -> None:
        lane = Lane(WallClock())
        good, bad = lane.run(lambda: 1), lane.run(lambda: 1 // 0)
        found = await asyncio.gather(good, bad, lane.run(lambda: 2), return_exceptions=True)
        assert [found[0], type(found[1]), found[2]] == [1, ZeroDivisionError, 2]

    run(script())


def test_work_goes_on_without_its_caller() -> None:
    async def script() -> list[str]:
        lane = Lane(WallClock())
        done: list[str] = []
        first = asyncio.create_task(lane.run(lambda: done.append("first")))
        await asyncio.sleep(0)
        first.cancel()
        await lane.run(lambda: done.append("second"))
        with pytest.raises(asyncio.CancelledError):
            await first
        await lane.drain()
        return done

    assert run(script()) == ["first", "second"]


class _Gate:
    """The gate of a Durable Object; `opened` is what those who find it shut wait for."""

    def __init__(self) -> None:
        self.opened: asyncio.Future[None] | None = None

    def blocked(self) -> asyncio.Future[None] | None:
        return None if self.opened is None or self.opened.done() else self.opened

    def adopt(self, task: asyncio.Task[object]) -> None:
        """Nothing to end."""


def test_an_object_whose_gate_is_shut_keeps_nobody_waiting() -> None:
    async def script() -> None:
        lane = Lane(WallClock())
        gate = _Gate()
        context = contextvars.copy_context()
        context.run(resume_guard.set, gate)
        asked = lane.run(lambda: "object")
        # The object asks, and its gate shuts before the answer is there.
        inside = context.run(asyncio.get_running_loop().create_task, asked, context=context)
        await asyncio.sleep(0)
        gate.opened = asyncio.get_running_loop().create_future()
        assert await asyncio.wait_for(lane.run(lambda: "other"), 5) == "other"
        assert not inside.done()
        gate.opened.set_result(None)
        assert await inside == "object"

    run(script())


def test_virtual_time_does_it_at_once(tmp_path: Path) -> None:
    async def script() -> int:
        return await Lane(VirtualClock()).run(lambda: threading.get_ident())

    assert run_virtual(script()) == threading.get_ident()
