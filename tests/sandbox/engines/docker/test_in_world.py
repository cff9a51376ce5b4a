"""A Durable Object with a container in Docker: requests, hooks, and what a Worker sees of faults."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from edge.config import ContainerConfig, DurableBinding, WorkerConfig, WorldConfig
from edge.kernel.clock import WallClock
from edge.testing.world import WorldUnderTest
from sandbox.engines.context import EngineContext
from sandbox.engines.docker.engine import DockerEngine
from sandbox.engines.docker.owner import LABEL
from sandbox.engines.supervised import Supervised
from tests.sandbox.engines.docker import daemon
from tests.sandbox.engines.docker.relay import Relay, relay
from wrangler_compat.modules.dialect import PythonDialect

pytestmark = [
    pytest.mark.docker,
    # The SDK drops sockets, without closing them, when their daemon goes away.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

ENTRY = """
import json
from sandbox import Container, get_container
from workers import Response, WorkerEntrypoint

class Box(Container):
    default_port = 8080
    entrypoint = ["python3", "-m", "http.server", "8080", "-d", "/etc"]
    env_vars = {"GREETING": "hello"}

    async def note(self, what):
        noted = await self.ctx.storage.get("noted") or []
        await self.ctx.storage.put("noted", json.dumps(json.loads(noted or "[]") + [what]))

    async def on_start(self):
        await self.note("start")

    async def on_stop(self, params):
        await self.note(f"stop {params.reason} {params.exit_code}")

    async def on_error(self, failure):
        await self.note(f"error {failure}")

    async def noted(self):
        return await self.ctx.storage.get("noted") or "[]"

class Default(WorkerEntrypoint):
    async def fetch(self, request):
        box = get_container(self.env.BOX, "box")
        if request.url.endswith("/noted"):
            return Response(await box.noted())
        if request.url.endswith("/stop"):
            await box.stop()
            return Response("stopping")
        return await box.fetch(request)
"""


class BoxWorld:
    """The Worker above, on an engine."""

    def __init__(self, folder: Path, address: Any) -> None:
        (folder / "worker").mkdir()
        (folder / "worker" / "entry.py").write_text(ENTRY)
        clock = WallClock()
        config = WorkerConfig(
            name="worker",
            root=folder / "worker",
            main=folder / "worker" / "entry.py",
            compatibility_date="2026-10-01",
            compatibility_flags=("python_workers",),
            durable=(DurableBinding("BOX", "Box"),),
            durable_classes={"Box": True},
            containers=(ContainerConfig("Box", image=daemon.USERLAND, memory_mib=256),),
        )

        def engine(world: Any) -> Supervised:
            context = EngineContext(clock, world.random, None, folder / "state")
            return Supervised(DockerEngine(context, lambda: address), context)

        self.world = WorldUnderTest(
            WorldConfig((config,)), dialect=PythonDialect(), clock=clock, engine=engine
        )

    def run(self, play: Callable[[], Awaitable[None]]) -> None:
        async def whole() -> None:
            await self.world.start()
            try:
                async with asyncio.timeout(60):
                    await play()
            finally:
                assert self.world.fleet is not None
                await self.world.fleet.close()
                await self.world.close(grace_s=1)

        self.world.run(whole())
        self.world.stage.close()
        gc.collect()  # so that what the SDK dropped is noticed here, not in another test

    async def get(self, path: str) -> Any:
        return await self.world.client.get(path)

    async def noted(self, *expected: str) -> None:
        """Wait until the hooks have noted this."""
        found: list[str] = []
        try:
            async with asyncio.timeout(20):
                while found != list(expected):
                    await asyncio.sleep(0.05)
                    found = json.loads((await self.get("/noted")).text)
        except TimeoutError:
            assert found == list(expected)


def test_from_request_to_stop(api: Any, tmp_path: Path) -> None:
    box = BoxWorld(tmp_path, daemon.address())

    async def play() -> None:
        answer = await box.get("/group")
        assert (answer.status, answer.text.splitlines()[0]) == (200, "root:x:0:")
        await box.noted("start")
        await box.get("/stop")
        await box.noted("start", "stop runtime_signal 143")

    box.run(play)


def test_a_crash_calls_the_hook(api: Any, tmp_path: Path) -> None:
    box = BoxWorld(tmp_path, daemon.address())

    async def play() -> None:
        await box.get("/group")
        assert box.world.fleet is not None
        engine: Any = box.world.fleet.engine
        (instance,) = engine.inner._instances
        api.kill(instance.id)
        await box.noted("start", "stop exit 137")
        assert (await box.get("/group")).status == 200

    box.run(play)


def test_a_daemon_that_goes_away(api: Any, tmp_path: Path) -> None:
    with relay(tmp_path, daemon.address()) as between:
        box = BoxWorld(tmp_path, between.address)

        async def play() -> None:
            await box.get("/group")
            between.die()
            await box.noted("start", "error Error: Network connection lost.")
            answer = await box.get("/group")
            assert answer.status == 500
            assert "does not answer" in answer.text
            between.listen()
            assert (await box.get("/group")).status == 200

        box.run(play)
    _remove(api, box)


def test_a_daemon_that_comes_late(api: Any, tmp_path: Path) -> None:
    between = Relay(tmp_path / "late.sock", daemon.address())
    between.die()
    box = BoxWorld(tmp_path, between.address)

    async def play() -> None:
        answer = await box.get("/group")
        assert answer.status == 500
        assert "No container daemon answers at" in answer.text
        between.listen()
        assert (await box.get("/group")).status == 200

    box.run(play)
    between.die()


def _remove(api: Any, box: BoxWorld) -> None:
    """What the engine could not remove while its daemon was away."""
    assert box.world.fleet is not None
    engine: Any = box.world.fleet.engine
    mine = {"label": f"{LABEL}={engine.inner._owner}"}
    for found in api.containers(all=True, filters=mine):
        api.remove_container(found["Id"], force=True)
    for found in api.networks(filters=mine):
        api.remove_network(found["Id"])
