from __future__ import annotations

import asyncio
import contextvars
import logging

import pytest

from edge.kernel import tasks
from edge.kernel.tasks import (
    before_output,
    give_way,
    guarded,
    output_hold,
    resume_guard,
    spawn,
    spawn_outside,
)
from tests.loops import run


class Door:
    """A guard that opens and shuts by hand."""

    def __init__(self) -> None:
        self.shut: asyncio.Future[None] | None = None

    def close(self) -> None:
        self.shut = asyncio.get_running_loop().create_future()

    def open(self) -> None:
        waiting, self.shut = self.shut, None
        assert waiting is not None
        waiting.set_result(None)

    def blocked(self) -> asyncio.Future[None] | None:
        return self.shut

    def adopt(self, task: asyncio.Task[object]) -> None:
        """Nothing here ends its tasks."""


async def until_idle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def test_guarded_code_does_not_resume_while_the_door_is_shut() -> None:
    async def main() -> list[str]:
        door, log = Door(), []
        wake = asyncio.get_running_loop().create_future()

        async def code() -> str:
            log.append("start")
            await wake
            log.append("resumed")
            return "value"

        task = asyncio.get_running_loop().create_task(guarded(code(), door))  # type: ignore[arg-type]
        await until_idle()
        door.close()
        wake.set_result(None)
        await until_idle()
        log.append("still shut")
        door.open()
        assert await task == "value"
        return log

    assert run(main()) == ["start", "still shut", "resumed"]


def test_guarded_code_does_not_start_while_the_door_is_shut() -> None:
    async def main() -> list[str]:
        door, log = Door(), []
        door.close()

        async def code() -> None:
            log.append("ran")

        task = asyncio.get_running_loop().create_task(guarded(code(), door))  # type: ignore[arg-type]
        await until_idle()
        assert log == []
        door.open()
        await task
        return log

    assert run(main()) == ["ran"]


def test_tasks_of_user_code_obey_the_guard_of_their_context() -> None:
    async def main() -> list[str]:
        door, log = Door(), []
        wake = asyncio.get_running_loop().create_future()

        async def helper() -> None:
            await wake
            log.append("helper")

        async def code() -> None:
            await asyncio.gather(helper(), helper())

        context = contextvars.copy_context()
        context.run(resume_guard.set, door)
        task = spawn(code(), name="object", context=context)
        await until_idle()
        door.close()
        wake.set_result(None)
        await until_idle()
        assert log == []
        door.open()
        await task
        return log

    assert run(main()) == ["helper", "helper"]


def test_an_error_is_thrown_where_the_code_waits() -> None:
    async def main() -> str:
        door = Door()
        failing = asyncio.get_running_loop().create_future()

        async def code() -> str:
            try:
                await failing
            except ValueError as error:
                return f"caught {error}"
            return "missed"

        task = asyncio.get_running_loop().create_task(guarded(code(), door))  # type: ignore[arg-type]
        await until_idle()
        failing.set_exception(ValueError("wrong"))
        return await task

    assert run(main()) == "caught wrong"


def test_cancelling_while_the_door_is_shut_runs_finally_blocks() -> None:
    async def main() -> list[str]:
        door, log = Door(), []
        wake = asyncio.get_running_loop().create_future()

        async def code() -> None:
            try:
                await wake
            finally:
                log.append("cleaned up")

        task = asyncio.get_running_loop().create_task(guarded(code(), door))  # type: ignore[arg-type]
        await until_idle()
        door.close()
        wake.set_result(None)
        await until_idle()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return log

    assert run(main()) == ["cleaned up"]


def test_work_outside_does_not_wait_for_the_asking_object() -> None:
    async def main() -> str:
        door = Door()

        async def other_worker() -> str:
            await asyncio.sleep(0)
            return "answered"

        async def code() -> str:
            door.close()  # a critical section of this object
            answer = spawn_outside(other_worker(), name="call")
            await until_settled(answer)
            door.open()
            return await answer

        async def until_settled(task: asyncio.Task[str]) -> None:
            assert resume_guard.get() is None or not task.done()

        context = contextvars.copy_context()
        context.run(resume_guard.set, door)
        return await spawn(code(), name="object", context=context)

    assert run(main()) == "answered"


def test_before_output_waits_for_what_was_written_before_it_and_no_more() -> None:
    async def main() -> list[str]:
        log: list[str] = []
        holds = [asyncio.get_running_loop().create_future() for _ in range(2)]
        pending = list(holds)

        def hold() -> asyncio.Future[None] | None:
            return pending.pop(0) if pending else None

        async def say() -> None:
            output_hold.set(hold)
            await before_output()
            log.append("said")

        task = spawn(say(), name="say")
        await until_idle()
        assert log == []
        holds[0].set_result(None)
        await task
        return log

    assert run(main()) == ["said"]


def test_before_output_raises_when_the_writes_failed() -> None:
    async def main() -> None:
        failed = asyncio.get_running_loop().create_future()
        failed.set_exception(OSError("disk full"))
        output_hold.set(lambda: failed)
        await before_output()

    with pytest.raises(OSError, match="disk full"):
        run(main())


def test_a_failure_nobody_awaits_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async def fails() -> None:
            raise ValueError("unseen")

        task = spawn(fails(), name="background")
        task.add_done_callback(tasks.log_failure)
        await until_idle()

    with caplog.at_level(logging.ERROR, logger="edge.tasks"):
        run(main())
    assert "task background failed" in caplog.text
    assert "ValueError: unseen" in caplog.text


def test_a_busy_loop_gives_way() -> None:
    async def main() -> None:
        seen = []

        async def busy(name: str) -> None:
            for number in range(3):
                seen.append(f"{name}{number}")
                await give_way()

        await asyncio.gather(busy("a"), busy("b"))
        assert seen == ["a0", "b0", "a1", "b1", "a2", "b2"]

    run(main())
