"""All containers of a world: one engine, opened when first needed, and a pool for each class."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from edge.config import ContainerConfig, WorldConfig
from edge.containers.binding import ContainerBinding
from edge.containers.control import Pool
from edge.containers.engine import Engine, EngineUnavailable, Instance, StartFailed
from edge.errors import ConfigError
from edge.kernel.clock import Clock, VirtualClock
from edge.kernel.tasks import log_failure, spawn_outside

if TYPE_CHECKING:
    from edge.containers.trouble import ContainerTrouble
    from edge.network.faults.faults import Faults

_log = logging.getLogger("edge.containers")


class Equippable(Protocol):
    """What is needed of a world: its configuration, its clock, and the hosts of its Durable Objects."""

    config: WorldConfig
    clock: Clock

    @property
    def durable_hosts(self) -> Mapping[tuple[str, str], Any]: ...

    @property
    def faults(self) -> Faults | None: ...


class Fleet:
    """The engine of a world and what it runs."""

    def __init__(self, engine: Engine, trouble: ContainerTrouble | None = None) -> None:
        self.engine = engine
        self._trouble = trouble
        self._pools: dict[tuple[str, str], Pool] = {}
        self._opening: asyncio.Task[None] | None = None

    def start(self, *, prepare: bool) -> None:
        """Open the engine, and with `prepare` get its images ready, beside what else happens; what starts
        meanwhile waits for the opening."""
        if self._opening is None or _failed(self._opening):
            self._opening = spawn_outside(self._open(prepare=prepare), name="containers.open")
            self._opening.add_done_callback(_say_why_not)

    async def _open(self, *, prepare: bool) -> None:
        await self.engine.open()
        if prepare:
            spawn_outside(self._prepare(), name="containers.prepare").add_done_callback(log_failure)

    async def _prepare(self) -> None:
        for pool in list(self._pools.values()):
            try:
                await self.engine.prepare(pool.image)
            except (StartFailed, EngineUnavailable) as failure:
                _log.error("the image of %s cannot be used: %s", pool.config.class_name, failure)

    async def opened(self) -> None:
        """Wait until the engine can be used; what could not be opened is tried again. Raises
        EngineUnavailable."""
        self.start(prepare=False)
        assert self._opening is not None
        await asyncio.shield(self._opening)

    def pool(self, worker: str, config: ContainerConfig) -> Pool:
        """The containers of a class; a new configuration holds for those that start from now on."""
        pool = self._pools.get((worker, config.class_name))
        if pool is None:
            pool = self._pools[worker, config.class_name] = Pool(self, worker, config, self._trouble)
        pool.config = config
        return pool

    def binding(
        self, worker: str, config: ContainerConfig, object_id: str, object_name: str | None
    ) -> ContainerBinding:
        """The `ctx.container` of an object."""
        return ContainerBinding(self.pool(worker, config).of(object_id, object_name))

    def running(self) -> list[str]:
        """The names of the containers that run."""
        return [name for pool in self._pools.values() for name in pool.running()]

    def instances(self, class_name: str) -> list[Instance]:
        """The containers of a class that are up, for whoever looks into them from outside."""
        pools = [pool for (_, name), pool in self._pools.items() if name == class_name]
        return [instance for pool in pools for instance in pool.instances()]

    async def close(self) -> None:
        """End all containers and the engine."""
        if self._trouble is not None:
            self._trouble.close()
        await asyncio.gather(*(pool.close() for pool in self._pools.values()))
        if self._opening is not None:
            await asyncio.gather(self._opening, return_exceptions=True)
            await self.engine.close()


def equipped(fleet: Fleet | None, world: Equippable, make_engine: Callable[[Any], Engine] | None) -> Fleet:
    """The fleet of a world, made when there is none yet; the objects of each class that is configured so get
    their containers. Raises ConfigError when nobody makes an engine."""
    if fleet is None:
        if make_engine is None:
            raise ConfigError("containers need an engine, and this world has none")
        fleet = Fleet(make_engine(world), None if world.faults is None else _trouble(world.faults))
    for worker in world.config.workers:
        for container in worker.containers:
            host = world.durable_hosts.get((worker.name, container.class_name))
            if host is not None:  # else nobody can reach an object of it
                fleet.pool(worker.name, container)
                host.container = partial(fleet.binding, worker.name, container)
    fleet.start(prepare=not isinstance(world.clock, VirtualClock))
    return fleet


def _say_why_not(task: asyncio.Task[None]) -> None:
    # That there is no engine is told to whoever waits for it, and to each start.
    if task.cancelled() or not isinstance(task.exception(), EngineUnavailable):
        log_failure(task)


def _failed(task: asyncio.Task[None]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is not None


def _trouble(faults: Faults) -> ContainerTrouble:
    from edge.containers.trouble import ContainerTrouble

    return ContainerTrouble(faults)
