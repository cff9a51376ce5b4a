"""run_sync: waiting inside synchronous code."""

from __future__ import annotations

import asyncio
import contextvars

import pytest

from edge.js.promise import JsPromise
from edge.js.suspension import NO_SUSPENDER, can_run_sync, run_sync, suspendable
from tests.loops import run, run_virtual

label: contextvars.ContextVar[str] = contextvars.ContextVar("label", default="none")


async def later(value: str) -> str:
    await asyncio.sleep(1)
    return value


def synchronous(value: str) -> str:
    label.set(value)
    assert can_run_sync()
    found = run_sync(later(value))
    assert label.get() == value  # the code that ran meanwhile has its own context
    return found


async def worker(name: str) -> tuple[str, str]:
    await asyncio.sleep(0.1)
    first = synchronous(name)
    await asyncio.sleep(0.1)
    return first + synchronous(name), label.get()


def test_tasks_wait_beside_one_another() -> None:
    async def both() -> tuple[list[tuple[str, str]], float]:
        loop = asyncio.get_running_loop()
        done = await asyncio.gather(await_suspendable("a"), await_suspendable("b"))
        return list(done), loop.time()

    async def await_suspendable(name: str) -> tuple[str, str]:
        return await suspendable(worker(name))

    found, elapsed_s = run_virtual(both())
    assert found == [("aa", "a"), ("bb", "b")]
    assert elapsed_s == pytest.approx(2.2)


def test_errors_arrive_where_they_are_waited_for() -> None:
    async def fails() -> None:
        await asyncio.sleep(0)
        raise ValueError("inside")

    async def main() -> str:
        with pytest.raises(ValueError, match="^inside$"):
            run_sync(fails())
        return run_sync(JsPromise.resolved("after"))

    async def top() -> str:
        return await suspendable(main())

    assert run(top()) == "after"


def test_without_a_suspendable_stack_it_is_an_error() -> None:
    async def main() -> None:
        assert not can_run_sync()
        with pytest.raises(RuntimeError) as raised:
            run_sync(later("x"))
        assert str(raised.value) == NO_SUSPENDER

    run(main())


def test_cancellation_reaches_the_suspended_code() -> None:
    seen: list[str] = []

    def waits() -> None:
        try:
            run_sync(later("x"))
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    async def main() -> None:
        waits()

    async def top() -> None:
        async def child() -> None:
            await suspendable(main())

        task = asyncio.get_running_loop().create_task(child())
        await asyncio.sleep(0.5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run_virtual(top())
    assert seen == ["cancelled"]
