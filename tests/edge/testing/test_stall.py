"""A test that gets nowhere fails with a sentence."""

from __future__ import annotations

import asyncio
import socket

import pytest

from edge.kernel.clock import VirtualClock, WallClock
from edge.testing.stall import Stage, Stalled


@pytest.fixture
def stage() -> Stage:
    return Stage(VirtualClock(), patience_s=0.1, limit_s=0.3)


def here(offset: int) -> str:
    import inspect

    frame = inspect.currentframe()
    assert frame is not None
    assert frame.f_back is not None
    return f"{__file__}:{frame.f_back.f_lineno + offset}"


def test_waiting_for_nothing(stage: Stage) -> None:
    cleaned: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.append("up")

    line = here(-4)
    with pytest.raises(Stalled) as stalled:
        stage.run(work())
    assert str(stalled.value) == (
        f"the test waits in work, {line}: "
        "nothing is scheduled, and no real work is under way that could go on"
    )
    assert cleaned == ["up"]
    assert stage.run(asyncio.sleep(3600, "and goes on")) == "and goes on"
    stage.close()


def test_real_work_works(stage: Stage) -> None:
    async def work() -> bytes:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(await reader.readline())
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"over the wire\n")
        line = await reader.readline()
        writer.close()
        server.close()
        return line

    assert stage.run(work()) == b"over the wire\n"
    stage.close()


def test_a_silent_connection_holds_the_clock(stage: Stage) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]

        async def work() -> None:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                await reader.readline()
            finally:
                writer.close()

        with pytest.raises(
            Stalled, match=f"stood still for 0.1 s, held by an open connection to 127.0.0.1:{port}"
        ):
            stage.run(work())
    stage.close()


def test_work_without_end(stage: Stage) -> None:
    async def work() -> None:
        while True:
            await asyncio.sleep(1)

    with pytest.raises(Stalled, match=r"it has run for 0\.3 s of real time, and there is always more to do"):
        stage.run(work())
    stage.close()


def test_what_a_test_raises_is_its_own(stage: Stage) -> None:
    async def cancelled() -> None:
        raise asyncio.CancelledError

    async def wrong() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        stage.run(wrong())
    with pytest.raises(asyncio.CancelledError):
        stage.run(cancelled())
    stage.close()


def test_a_stage_in_real_time() -> None:
    stage = Stage(WallClock())
    assert stage.run(asyncio.sleep(0.01, "done")) == "done"
    stage.close()
