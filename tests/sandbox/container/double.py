"""A world whose `ctx.container` is scripted: what the runtime says, without an engine behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from edge.config import DurableBinding, WorkerConfig, WorldConfig
from edge.durable.state import DurableObjectState
from edge.http.request import Request
from edge.http.response import Response
from edge.js.convert import to_py
from edge.js.errors import JsException, error
from edge.js.promise import JsPromise
from edge.js.proxy import JsProxy
from edge.kernel.clock import VirtualClock
from edge.testing.world import WorldUnderTest
from wrangler_compat.modules.dialect import PythonDialect

Service = Callable[[Request], Awaitable[Response]]


async def hello(request: Request) -> Response:
    """What listens when a test says nothing else."""
    body = (await request.read_bytes()).decode()
    return Response.make(f"{request.method} {request.url} {body}".strip().encode())


class ScriptedContainer(JsProxy, js_name="Container"):
    """One object's container, as far as `Container` uses it."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._end: asyncio.Future[Any] | None = None
        self._up_s = 0.0

    @property
    def running(self) -> bool:
        return self._end is not None and not self._end.done()

    def start(self, options: Any = None) -> None:
        if self.running:
            raise error("start() cannot be called on a container that is already running.")
        plan = self._plan
        plan.starts.append(to_py(options))
        self._end = asyncio.get_running_loop().create_future()
        self._up_s = plan.clock.now() + plan.boot_s
        if plan.fails_to_start:
            self._exit(error(plan.fails_to_start.pop(0)))
        elif plan.exits_after_s == 0:
            self.crash(plan.exit_code)
        elif plan.exits_after_s is not None:
            plan.clock.call_at(plan.clock.now() + plan.exits_after_s, lambda: self.crash(plan.exit_code))

    def monitor(self) -> JsPromise:
        assert self._end is not None
        return JsPromise.of(self._end)

    def signal(self, number: int) -> None:
        self._plan.signals.append(number)
        if not 1 <= number <= 64:
            raise error("Invalid signal number.")
        if not self._plan.ignores_signals:
            self._exit(error(f"runtime signalled the container to exit: {128 + number}"))

    def destroy(self, reason: Any = None) -> JsPromise:
        self._exit(reason or error("runtime signalled the container to exit: 137"))
        return JsPromise.resolved()

    def crash(self, code: int) -> None:
        """It exits by itself; with code 0 in good order."""
        self._exit(None if code == 0 else error(f"container exited with unexpected exit code: {code}"))

    def _exit(self, failure: JsException | None) -> None:
        if self._end is None or self._end.done():
            return
        if failure is None:
            self._end.set_result(None)
        else:
            self._end.set_exception(failure)
            self._end.exception()

    def getTcpPort(self, port: int) -> ScriptedPort:
        return ScriptedPort(self, port)

    def interceptOutboundHttp(self, host: str, fetcher: Any) -> JsPromise:
        self._plan.intercepted[host] = fetcher
        return JsPromise.resolved()

    def interceptAllOutboundHttp(self, fetcher: Any) -> JsPromise:
        return self.interceptOutboundHttp("ALL", fetcher)


class ScriptedPort(JsProxy, js_name="Fetcher"):
    def __init__(self, container: ScriptedContainer, port: int) -> None:
        self._container = container
        self._port = port

    def fetch(self, source: Any = None, init: Any = None) -> JsPromise:
        return JsPromise.start(self._fetch(Request.js_new(source, init)), name="container.fetch")

    async def _fetch(self, request: Request) -> Response:
        container, plan = self._container, self._container._plan
        if not container.running:
            raise error("the container is not listening")
        assert request.url.startswith("http:")
        service = plan.services.get(self._port)
        if plan.clock.now() < container._up_s or service is None:
            raise error("the container is not listening")
        if request.url not in PROBES:
            plan.requests.append(request.url)
            plan.ports.append(self._port)
        return await service(request)


PROBES = ("http://containerstarthealthcheck/", "http://ping/")


class Plan:
    """What the containers of a test do, and what they were asked."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.boot_s = 1.0
        self.services: dict[int, Service] = {8080: hello}
        self.exits_after_s: float | None = None
        self.exit_code = 0
        #: What `monitor()` says of the next starts.
        self.fails_to_start: list[str] = []
        self.ignores_signals = False
        self.starts: list[Any] = []
        self.signals: list[int] = []
        self.requests: list[str] = []
        self.ports: list[int] = []
        self.intercepted: dict[str, Any] = {}
        self.containers: dict[str, ScriptedContainer] = {}

    def container(self, state: DurableObjectState) -> ScriptedContainer:
        slot = state._slot
        return self.containers.setdefault(f"{slot.host.class_name} {slot.id}", ScriptedContainer(self))

    @property
    def only(self) -> ScriptedContainer:
        (container,) = self.containers.values()
        return container


PRELUDE = """
import json
from datetime import datetime, timedelta
from sandbox import Container, ContainerProxy, get_container
from workers import Request, Response, WorkerEntrypoint

class Noting(Container):
    default_port = 8080
    heard = []

    def on_start(self):
        self.heard.append("start")

    def on_stop(self, params):
        self.heard.append(f"stop {params.exit_code} {params['reason']}")

    def on_error(self, failure):
        self.heard.append(f"error {failure}")

    async def take_heard(self):
        heard, self.heard[:] = list(self.heard), []
        return heard

class Default(WorkerEntrypoint):
    async def fetch(self, request):
        return await get_container(self.env.BOX).fetch(request)

    async def call(self, method, args):
        return await getattr(get_container(self.env.BOX), method)(*args)
"""
BOX = """
class Box(Noting):
    pass
"""


class Rig:
    """A world with one container class."""

    def __init__(
        self,
        folder: Path,
        patch: pytest.MonkeyPatch,
        source: str = BOX,
        *,
        prelude: str = PRELUDE,
        binding: str = "BOX",
        class_name: str = "Box",
    ) -> None:
        (folder / "entry.py").write_text(prelude + source)
        config = WorkerConfig(
            name="worker",
            root=folder,
            main=folder / "entry.py",
            compatibility_date="2026-10-01",
            compatibility_flags=("python_workers",),
            durable=(DurableBinding(binding, class_name),),
            durable_classes={class_name: True},
        )
        self.clock = VirtualClock()
        self.plan = Plan(self.clock)
        patch.setattr(DurableObjectState, "container", property(self.plan.container))
        self.world = WorldUnderTest(WorldConfig((config,)), dialect=PythonDialect(), clock=self.clock)
        self.world.run(self.world.start())

    def close(self) -> None:
        self.world.run(self.world.close())
        self.world.stage.close()

    def get(self, path: str = "/", **options: Any) -> Any:
        return self.world.run(self.world.client.get(path, **options))

    def call(self, method: str, *args: Any) -> Any:
        """Call a method of the object, as another Worker would."""
        return self.world.run(self.acall(method, *args))

    async def acall(self, method: str, *args: Any) -> Any:
        from wrangler_compat.modules.sdk.values import python_from_rpc, python_to_rpc

        stub = self.world.durable_hosts["worker", "Box"].namespace().getByName("cf-singleton-container")
        return python_from_rpc(await getattr(stub, method)(*map(python_to_rpc, args)))

    def lose_object(self) -> None:
        """The object's life in memory ends, its container goes on."""
        self.world.run(self._lose_object())

    async def _lose_object(self) -> None:
        host = self.world.durable_hosts["worker", "Box"]
        (object_id,) = host.ids()
        actor = host.slot(host.namespace().idFromString(object_id)).actor
        assert actor is not None
        actor.break_(error("the machine went away"))

    def pass_(self, duration: str) -> None:
        self.world.run(self.world.advance(duration))

    @property
    def status(self) -> str:
        return str(self.call("get_state")["status"])

    def heard(self) -> list[str]:
        """What the hooks were told since the last look."""
        heard: list[str] = self.call("take_heard")
        return heard
