"""The two ways in which the shipped design broke, reproduced: parallel `exec`, and a poll by `exec`.

A sandbox session has one shell, and its commands wait for each other: `gather` over `exec` saves nothing.
And each call is a request of its own: a port poll every 50 ms is dozens of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.config import ContainerConfig, WorldConfig
from edge.kernel.clock import VirtualClock
from edge.kernel.spans import Tracer
from edge.testing.world import WorldUnderTest
from edge.trace.recorder import Recorder
from sandbox.engines.names import engine_maker
from tests.edge.worker.workers import text, worker
from wrangler_compat.modules.dialect import PythonDialect

SOURCE = """
import asyncio
import time
from sandbox import Sandbox, get_sandbox


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        sandbox = get_sandbox(self.env.SANDBOX, "naive")
        await sandbox.exec("true")
        started = time.time()
        return Response(str(await getattr(self, request.url.rpartition("/")[2])(sandbox, started)))

    async def parallel(self, sandbox, started):
        await asyncio.gather(*(sandbox.exec("true") for _ in range(4)))
        return round((time.time() - started) * 1000)

    async def apart(self, sandbox, started):
        sessions = [await sandbox.get_session(f"s{n}") for n in range(4)]
        started = time.time()
        await asyncio.gather(*(session.exec("true") for session in sessions))
        return round((time.time() - started) * 1000)

    async def polls(self, sandbox, started):
        for tries in range(60):
            found = await sandbox.exec("ss -ltn | grep -q :8765")
            if found.success:
                break
            await asyncio.sleep(0.05)
        return found.stderr

    async def one_call(self, sandbox, started):
        process = await sandbox.start_process("listen-soon")
        await process.wait_for_port(8765, interval=50, timeout=5000)
        return round((time.time() - started) * 1000)
"""


@dataclass(frozen=True)
class Asked:
    """The Worker's answer, and what it took."""

    answer: str
    into_container: int
    #: Subrequests of the Worker, and of the events of the sandbox's object.
    of_worker: int
    of_object: int


def asked(folder: Path, path: str) -> Asked:
    clock, recorder = VirtualClock(), Recorder(spans_max=100_000)
    config = worker(
        folder, SOURCE, classes=("Sandbox",), containers=(ContainerConfig("Sandbox", image="box"),)
    )
    world = WorldUnderTest(
        WorldConfig((config,)),
        dialect=PythonDialect(),
        clock=clock,
        network="streaming-seed",
        engine=engine_maker("fake"),
        tracer=Tracer(clock, recorder),
    )

    async def listen_soon(process: Any) -> int:
        from edge.http.response import Response

        async def answer(request: Any) -> Response:
            return Response.make(b"here", 200)

        await process.clock.sleep(0.4)
        process.listen(8765, answer)
        await process.clock.sleep(60)
        return 0

    def subrequests(name: str) -> int:
        return sum(int(span.tags.get("subrequests") or 0) for span in recorder.spans() if span.name == name)

    async def whole() -> Asked:
        await world.start()
        assert world.fleet is not None
        world.fleet.engine.inner.program("^listen-soon", listen_soon)  # type: ignore[attr-defined]
        answer = await text(world, path)
        calls = [span for span in recorder.spans() if span.name == "container.fetch"]
        await world.close(0)
        return Asked(answer, len(calls), subrequests("worker.fetch"), subrequests("durable.event"))

    try:
        return world.run(whole())
    finally:
        world.stage.close()


def test_parallel_commands_in_one_session_run_one_after_the_other(tmp_path: Path) -> None:
    took_ms = int(asked(tmp_path, "/parallel").answer)
    assert took_ms >= 4 * 150


def test_commands_in_sessions_of_their_own_run_side_by_side(tmp_path: Path) -> None:
    took_ms = int(asked(tmp_path, "/apart").answer)
    assert 150 <= took_ms < 2 * 150


def test_a_poll_by_exec_sends_sixty_requests_and_a_minimal_image_has_no_ss(tmp_path: Path) -> None:
    polls = asked(tmp_path, "/polls")
    assert "ss: command not found" in polls.answer
    assert polls.into_container >= 60
    assert polls.of_worker >= 61  # each `exec`, the one before the poll too
    assert polls.of_object == polls.into_container  # and each of them is one of the object's again


def test_the_poll_inside_the_container_is_one_request(tmp_path: Path) -> None:
    wait = asked(tmp_path, "/one_call")
    assert int(wait.answer) < 1200
    assert wait.into_container <= 6  # the probes of the start among them
    assert wait.of_worker <= 5
