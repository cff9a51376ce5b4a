"""The server of a sandbox stays responsive, whatever the programs in it do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from edge.containers.engine import EngineUnavailable, Image, InstanceSpec, InstanceType
from edge.kernel.clock import WallClock
from edge.kernel.random import RandomStreams
from sandbox.engines.context import EngineContext
from sandbox.engines.process.engine import ProcessEngine
from sandbox.server.server import SandboxServer
from tests.loops import run
from tests.sandbox.server.api import Api, Refused


def with_sandbox(state_dir: Path, body: Callable[[Api], Awaitable[None]]) -> None:
    async def main() -> None:
        context = EngineContext(WallClock(), RandomStreams(1), None, state_dir)
        engine = ProcessEngine(context)
        try:
            await engine.open()
        except EngineUnavailable as error:
            pytest.skip(f"the process engine does not work here: {error}")
        try:
            spec = InstanceSpec("one", Image("x"), InstanceType("basic", 0.25, 1024, 4000))
            instance = await engine.start(spec)
            async with asyncio.timeout(60):
                await body(Api(SandboxServer(instance, context.clock, context.random), instance))
        finally:
            await engine.close()

    run(main())


def test_programs_that_print_for_ever_starve_nobody(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        for id in ("one", "two"):
            await api.post("process/start", command="yes", processId=id)
        with pytest.raises(Refused, match="Output exceeds the 32 MiB limit"):
            await api.exec("yes", "flooded")
        for number in range(5):
            assert (await api.exec(f"echo {number}"))["stdout"] == f"{number}\n"
        assert 1_000_000 < len((await api.get("process/one/logs"))["stdout"]) <= 8 * 1024 * 1024
        assert (await api.delete("process/kill-all"))["cleanedCount"] == 2
        await api.post("session/delete", sessionId="flooded")

    with_sandbox(tmp_path, body)


def test_code_runs_in_contexts(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        code = (
            "import threading; t = threading.Thread(target=print, args=('hi',)); t.start(); t.join(); 6 * 7"
        )
        events = [event async for event in api.events("POST", "execute/code", code=code)]
        assert [event["type"] for event in events] == ["stdout", "result", "execution_complete"]
        assert events[1]["text"] == "42"

    with_sandbox(tmp_path, body)
