"""`ctx.container` over an engine, as far as the SDK uses it: a stand-in until the runtime has its own."""

from __future__ import annotations

import asyncio
from typing import Any

from edge.containers.engine import (
    ContainerGone,
    Engine,
    Image,
    Instance,
    InstanceSpec,
    InstanceType,
    StartFailed,
)
from edge.durable.state import DurableObjectState
from edge.http.request import Request
from edge.http.response import Response
from edge.js.convert import to_py
from edge.js.errors import error
from edge.js.promise import JsPromise
from edge.js.proxy import JsProxy
from edge.kernel.tasks import spawn_outside


class Containers:
    """The containers of all objects of a world."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.by_object: dict[str, EngineContainer] = {}

    def of(self, state: DurableObjectState) -> EngineContainer:
        name = f"{state._slot.host.class_name}-{state._slot.id}"
        return self.by_object.setdefault(name, EngineContainer(self.engine, name))


class EngineContainer(JsProxy, js_name="Container"):
    def __init__(self, engine: Engine, name: str) -> None:
        self._engine = engine
        self._name = name
        self._starting: asyncio.Task[Instance] | None = None
        self._end: asyncio.Future[None] | None = None
        self.starts: list[Any] = []
        self.services: dict[int, Any] = {}

    @property
    def running(self) -> bool:
        return self._end is not None and not self._end.done()

    def start(self, options: Any = None) -> None:
        given = to_py(options)
        self.services = {}
        self.starts.append(given)
        self._end = asyncio.get_running_loop().create_future()
        spec = InstanceSpec(
            name=f"{self._name}-{len(self.starts)}",
            image=Image(reference="sandbox"),
            instance_type=InstanceType("basic", 0.25, 1024, 4000),
            env=given.get("env", {}),
            labels=given.get("labels", {}),
            enable_internet=given.get("enableInternet", False),
        )
        self._starting = spawn_outside(self._run(spec, self._end), name="container")

    async def _run(self, spec: InstanceSpec, end: asyncio.Future[None]) -> Instance:
        try:
            instance = await self._engine.start(spec)
        except StartFailed as failure:
            end.set_exception(error(str(failure)))
            raise error("the container is not listening") from failure
        spawn_outside(self._watch(instance, end), name="container end")
        return instance

    async def _watch(self, instance: Instance, end: asyncio.Future[None]) -> None:
        found = await instance.wait()
        if not end.done():
            end.set_exception(error(f"runtime signalled the container to exit: {found.code}"))
            end.exception()

    def monitor(self) -> JsPromise:
        assert self._end is not None
        return JsPromise.of(self._end)

    def signal(self, number: int) -> None:
        spawn_outside(self.kill(), name="container signal")

    def destroy(self, reason: Any = None) -> JsPromise:
        return JsPromise.start(self.kill(), name="container.destroy")

    async def kill(self) -> None:
        if self._starting is not None:
            await (await self._starting).destroy()
        if self._end is not None and not self._end.done():
            await asyncio.wait([self._end])

    def getTcpPort(self, port: int) -> EnginePort:
        return EnginePort(self, port)


class EnginePort(JsProxy, js_name="Fetcher"):
    def __init__(self, container: EngineContainer, port: int) -> None:
        self._container = container
        self._port = port

    def fetch(self, source: Any = None, init: Any = None) -> JsPromise:
        return JsPromise.start(self._fetch(Request.js_new(source, init)), name="container.fetch")

    async def _fetch(self, request: Request) -> Response:
        starting = self._container._starting
        if not self._container.running or starting is None:
            raise error("the container is not listening")
        instance = await asyncio.shield(starting)
        service = self._container.services.get(self._port) or instance.service(self._port)
        if service is None:
            raise error("the container is not listening")
        try:
            return await service(request)
        except ContainerGone:
            raise error("Network connection lost.", retryable=True) from None
