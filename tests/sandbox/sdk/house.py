"""A world whose Worker has sandboxes on a given engine, and a client in it: what a Worker would have."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from edge.config import ContainerConfig, DurableBinding, R2Binding, WorkerConfig, WorldConfig
from edge.containers.engine import Engine
from edge.kernel.clock import Clock, VirtualClock, WallClock
from edge.kernel.random import RandomStreams
from edge.testing.world import WorldUnderTest
from sandbox.engines.context import EngineContext
from sandbox.engines.fake.engine import FakeEngine
from sandbox.engines.process.engine import ProcessEngine
from sandbox.engines.supervised import Supervised
from tests.sandbox.engines.docker import daemon
from tests.sandbox.sdk.watched import WatchedEngine
from wrangler_compat.modules.dialect import PythonDialect

if TYPE_CHECKING:
    from edge.containers.engine import Service

_T = TypeVar("_T")


@dataclass(frozen=True)
class Suited:
    """An engine of the suite, and the world it needs."""

    make: Callable[[EngineContext], Engine]
    clock: Callable[[], Clock] = WallClock
    image: str = "sandbox"
    #: Makes what it needs; raises EngineUnavailable.
    furnish: Callable[[], None] = lambda: None


#: An engine joins the suite by a line here.
ENGINES: dict[str, Suited] = {
    "fake": Suited(FakeEngine, VirtualClock),
    "process": Suited(lambda context: ProcessEngine(context, pool_size=0)),
    "docker": Suited(daemon.engine, image=daemon.USERLAND, furnish=daemon.has_images),
}
CONTAINER = ContainerConfig(
    class_name="Sandbox", image="sandbox", instance_type="basic", vcpu=0.25, memory_mib=1024
)
ENTRY = """
import json
import sandbox
from sandbox import ContainerProxy, get_sandbox, proxy_to_sandbox
from workers import Response, WorkerEntrypoint

async def told(request, env, ctx):
    return Response(f"{request.method} {request.url} {await request.text()} for {ctx.class_name}")

class Sandbox(sandbox.Sandbox):
    outbound_handlers = {"told": told}

    async def add_numbers(self, one, other):
        return one + other

    async def stored(self):
        return dict(await self.ctx.storage.list())

class Default(WorkerEntrypoint):
    async def fetch(self, request):
        preview = await proxy_to_sandbox(request, self.env)
        if preview is not None:
            return preview
        box = get_sandbox(self.env.Sandbox, "box")
        if request.url.endswith("/terminal"):
            return await box.terminal(request, cols=100, rows=30)
        if request.url.endswith("/connect"):
            return await box.ws_connect(request, 8080)
        scope = {"box": box, "env": self.env, "sandbox": sandbox}
        exec(await request.text(), scope)
        return Response(json.dumps(await scope["main"](), default=str))
"""


class SdkHouse:
    """Everything a test of the SDK touches."""

    def __init__(self, suited: Suited, folder: Path, faults: Any = None) -> None:
        suited.furnish()
        worker = folder / "worker"
        worker.mkdir()
        (worker / "entry.py").write_text(ENTRY)
        clock = suited.clock()
        context = EngineContext(clock, RandomStreams(1), None, folder / "state")
        self.engine = WatchedEngine(Supervised(suited.make(context), context))
        config = WorkerConfig(
            name="worker",
            root=worker,
            main=worker / "entry.py",
            compatibility_date="2026-10-01",
            compatibility_flags=("python_workers",),
            durable=(DurableBinding("Sandbox", "Sandbox"),),
            durable_classes={"Sandbox": True},
            containers=(replace(CONTAINER, image=suited.image),),
            r2=(R2Binding("BACKUP_BUCKET", "backups"), R2Binding("BUCKET", "bucket")),
        )
        self.dialect = PythonDialect()
        self.world = WorldUnderTest(
            WorldConfig((config,)),
            dialect=self.dialect,
            clock=clock,
            engine=lambda _: self.engine,
            faults=faults,
        )
        self.run(self._open)
        default: Any = self.world._services["worker"].isolate.exports.default
        #: The Worker's own copy of the package.
        self.sandbox: Any = default.fetch.__globals__["sandbox"]
        self.env: Any = self.dialect.environment("worker")

    async def _open(self) -> None:
        await self.world.start()
        assert self.world.fleet is not None
        await self.world.fleet.opened()

    def run(self, work: Callable[[], Awaitable[_T]]) -> _T:
        async def main() -> _T:
            return await work()

        return self.world.run(main())

    def box(self, sandbox_id: str = "box", **options: Any) -> Any:
        """A sandbox; to be called inside `run`."""
        return self.sandbox.get_sandbox(self.env.Sandbox, sandbox_id, **options)

    async def kill(self) -> None:
        """End the container that runs, from outside, and wait until it has ended."""
        starts = len(self.engine.specs)
        await self.engine.instances[-1].destroy()
        assert self.world.fleet is not None
        while self.world.fleet.running() and len(self.engine.specs) == starts:
            await asyncio.sleep(0)

    def module(self, name: str) -> Any:
        """The Worker's own copy of a module of `sandbox`."""
        return self.world._services["worker"].isolate.space.import_module(name)

    def listen(self, port: int, service: Service) -> None:
        """Let something answer at a port of the container that runs."""
        self.engine.instances[-1].services[port] = service

    async def storage(self) -> dict[str, Any]:
        """What the object of the sandbox `box` has stored."""
        found: dict[str, Any] = await self.box().stored()
        return found

    async def in_worker(self, code: str) -> Any:
        """Run `async def main()` of `code` in the Worker; `box`, `env` and `sandbox` are there."""
        return (await self.world.client.post("/", content=code)).json()

    def close(self) -> None:
        self.run(self._close)
        self.world.stage.close()

    async def _close(self) -> None:
        # The alarm of an object waits for the end of its container, and the world would wait for it.
        for instance in self.engine.instances:
            await instance.destroy()
        await self.world.close(grace_s=1)
