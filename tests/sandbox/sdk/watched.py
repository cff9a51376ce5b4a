"""An engine under observation: what it started, and services of the test's own in what runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edge.containers.engine import Engine, Image, Instance, InstanceSpec

if TYPE_CHECKING:
    from edge.containers.engine import Service


class WatchedInstance:
    """An instance that also answers at the ports of `services`."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self.services: dict[int, Service] = {}

    def service(self, port: int) -> Service | None:
        return self.services.get(port) or self._instance.service(port)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._instance, name)


class WatchedEngine:
    """Remembers what was started."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.name = engine.name
        self.specs: list[InstanceSpec] = []
        self.instances: list[WatchedInstance] = []
        #: Raised by the starts from now on.
        self.refuses: Exception | None = None

    def isolation(self) -> str:
        return self._engine.isolation()

    async def open(self) -> None:
        await self._engine.open()

    async def prepare(self, image: Image) -> None:
        await self._engine.prepare(image)

    async def start(self, spec: InstanceSpec) -> Any:
        self.specs.append(spec)
        if self.refuses is not None:
            raise self.refuses
        instance = WatchedInstance(await self._engine.start(spec))
        self.instances.append(instance)
        return instance

    async def close(self) -> None:
        await self._engine.close()
