"""The container of one Durable Object: it outlives the object's stays in memory, and ends with the world.

What the engine does runs outside of the object: neither its gates nor its end may stop a start half way.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.containers.egress import Egress
from edge.containers.engine import (
    ContainerGone,
    EngineUnavailable,
    Exit,
    Image,
    Instance,
    InstanceSpec,
    InstanceType,
    NoInstance,
    StartFailed,
)
from edge.containers.logic.lifecycle import FULL, NOT_RUNNING, Lifecycle
from edge.containers.start_options import StartOptions
from edge.http.host import current_host
from edge.js.errors import JsException, error
from edge.kernel.spans import span
from edge.kernel.tasks import log_failure, spawn_outside

if TYPE_CHECKING:
    from edge.config import ContainerConfig
    from edge.containers.fleet import Fleet
    from edge.containers.trouble import ContainerTrouble, Owner
    from edge.kernel.clock import Clock, Timer

_log = logging.getLogger("edge.containers")
SIGKILL = 9


@dataclass(frozen=True, slots=True)
class Delay:
    """A time to wait, by the clock of the world."""

    clock: Clock
    duration_s: float

    def then(self, call: Callable[[], None]) -> Timer:
        """Call it when the time is over."""
        return self.clock.call_at(self.clock.now() + self.duration_s, call)


class Pool:
    """The containers of one class, at most `max_instances` at a time."""

    def __init__(
        self, fleet: Fleet, worker: str, config: ContainerConfig, trouble: ContainerTrouble | None
    ) -> None:
        self.fleet = fleet
        self.config = config
        self.trouble = trouble
        self._worker = worker
        self._controls: dict[str, Control] = {}

    def of(self, object_id: str, object_name: str | None = None) -> Control:
        """The container of an object. Whoever knows the object's name says it."""
        control = self._controls.get(object_id)
        if control is None:
            name = f"{self._worker}-{self.config.class_name}-{object_id}"
            control = self._controls[object_id] = Control(self, name, object_id)
        control.object_name = object_name or control.object_name
        return control

    @property
    def image(self) -> Image:
        config = self.config
        return Image(config.image, config.dockerfile, config.build_context, config.build_args)

    def spec(self, name: str, options: StartOptions, egress: Egress) -> InstanceSpec:
        """What a container starts with."""
        config = self.config
        size = InstanceType(config.instance_type, config.vcpu, config.memory_mib, config.disk_mb)
        return InstanceSpec(
            name=name,
            image=self.image if options.image is None else Image(options.image),
            instance_type=options.instance_type or size,
            entrypoint=options.entrypoint,
            env=options.env,
            enable_internet=options.enable_internet,
            labels=options.labels,
            egress=egress,
        )

    def full(self) -> bool:
        """Whether no other container may start."""
        return len(self.running()) >= self.config.max_instances

    def running(self) -> list[str]:
        """The names of those that run."""
        return [control.name for control in self._controls.values() if control.running]

    def instances(self) -> list[Instance]:
        """Those that are up."""
        return [control.up for control in self._controls.values() if control.up is not None]

    async def close(self) -> None:
        """Destroy all."""
        await asyncio.gather(*(control.destroy(None) for control in self._controls.values()))


class Control:
    """Starts, watches and ends one container after another."""

    def __init__(self, pool: Pool, name: str, object_id: str) -> None:
        self.name = name
        self.object_name: str | None = None
        self._object_id = object_id
        self.lifecycle = Lifecycle()
        self.egress = Egress()
        self.labels: Mapping[str, str] = {}
        #: What it was started from.
        self.image = ""
        #: How long a container stays when its object is put away; None: as long as the world.
        self.inactivity: Delay | None = None
        self._inactive: Timer | None = None
        self.on_end: list[Callable[[], None]] = []
        self._pool = pool
        self._instance: asyncio.Future[Instance] | None = None
        self._end: asyncio.Future[JsException | None] | None = None

    @property
    def running(self) -> bool:
        return self.lifecycle.running

    def start(self, options: StartOptions) -> None:
        """Start a container; its end tells whether that went well. Raises JsException when one runs."""
        full = self._pool.full() and not self.running
        try:
            life = self.lifecycle.start()
        except ValueError as refusal:
            raise error(str(refusal)) from None
        self.labels = options.labels
        loop = asyncio.get_running_loop()
        self._instance, self._end = loop.create_future(), loop.create_future()
        spec = self._pool.spec(self.name, options, self.egress)
        self.image = str(spec.image)
        seconds = options.hard_timeout_s
        most = None if seconds is None else Delay(current_host.get().clock, seconds)
        life_of = self._live(life, spec, self._instance, self._end, most=most, full=full)
        spawn_outside(life_of, name=f"container {spec.name}").add_done_callback(log_failure)

    def object_is_here(self) -> None:
        """Its object is in memory."""
        if self._inactive is not None:
            self._inactive.cancel()
            self._inactive = None

    def object_leaves(self) -> None:
        """Its object is put away: the container ends when it does not come back in time."""
        self.object_is_here()
        if self.inactivity is not None and self.running:
            self._inactive = self.inactivity.then(self._end_inactive)

    def _end_inactive(self) -> None:
        spawn_outside(self.destroy(None), name=f"inactive {self.name}").add_done_callback(log_failure)

    @property
    def up(self) -> Instance | None:
        """The running container, None while it starts."""
        future = self._instance
        if future is None or not self.running or not future.done() or future.exception() is not None:
            return None
        return future.result()

    async def instance(self) -> Instance:
        """The running container, once it is up. Raises JsException when there is none."""
        if self._instance is None or not self.running:
            raise error(NOT_RUNNING)
        return await asyncio.shield(self._instance)

    async def monitor(self) -> None:
        """Wait for the end of the container that runs. Raises JsException unless it ended well."""
        if self._end is None:
            raise error(NOT_RUNNING)
        failure = await asyncio.shield(self._end)
        if failure is not None:
            raise failure

    async def signal(self, number: int) -> None:
        """Send a signal to its entrypoint; nothing happens when none runs."""
        if self.running:
            instance = await self.instance()
            trouble = self._pool.trouble
            if trouble is None or not trouble.ignores(self._owner(), number):
                await instance.signal(number)

    async def destroy(self, reason: JsException | None) -> None:
        """Kill it and wait for its end, which reads `reason` to whoever monitors it."""
        if not self.running:
            return
        instance, end = self._instance, self._end
        assert instance is not None
        assert end is not None
        self.lifecycle.destroyed()
        if not end.done():
            end.set_result(reason)
        try:
            await (await asyncio.shield(instance)).destroy()
        except JsException:
            return  # it had not started, and will not

    async def _live(
        self,
        life: int,
        spec: InstanceSpec,
        ready: asyncio.Future[Instance],
        end: asyncio.Future[JsException | None],
        *,
        most: Delay | None,
        full: bool,
    ) -> None:
        """One container from start to end, after `most` at the latest."""
        try:
            instance = await self._start(spec, full=full)
        except (StartFailed, EngineUnavailable, ContainerGone) as failure:
            self.lifecycle.failed(life, str(failure))
            reason = error(FULL if isinstance(failure, NoInstance) else str(failure))
            ready.set_exception(reason)
            ready.exception()  # those who wait for the instance get it; there may be none
            if not end.done():
                end.set_result(reason)
            return
        if not self.lifecycle.started(life):
            ready.set_result(instance)  # destroyed meanwhile: whoever did that waits for it
            await instance.destroy()
            return
        ready.set_result(instance)
        deadline = None if most is None else most.then(lambda: _kill(instance))
        exit_ = await self._end_of(instance)
        if deadline is not None:
            deadline.cancel()
        self.lifecycle.ended(life, exit_)
        await instance.destroy()
        if not end.done():
            failed = self.lifecycle.failure
            end.set_result(None if failed is None else error(failed))
        for told in list(self.on_end):
            told()

    async def _end_of(self, instance: Instance) -> Exit | None:
        """How the container ended; None when nobody can tell, as its engine is gone."""
        trouble = self._pool.trouble
        try:
            if trouble is None:
                return await instance.wait()
            return await trouble.end_of(self._owner(), instance)
        except (ContainerGone, EngineUnavailable) as failure:
            _log.error("the container %s was lost: %s", self.name, failure)
            return None

    def _owner(self) -> Owner:
        from edge.containers.trouble import Owner

        names = (self._object_id,) if self.object_name is None else (self.object_name, self._object_id)
        return Owner(self._pool.config.class_name, names)

    async def _start(self, spec: InstanceSpec, *, full: bool) -> Instance:
        if full:
            raise NoInstance(FULL)
        with span("container.start", container=spec.name, engine=self._pool.fleet.engine.name):
            if self._pool.trouble is not None:
                await self._pool.trouble.before_start(self._owner())
            try:
                await self._pool.fleet.opened()
                return await self._pool.fleet.engine.start(spec)
            except StartFailed as failure:
                _log.error("the container %s did not start: %s", spec.name, failure)
                raise


def _kill(instance: Instance) -> None:
    spawn_outside(instance.signal(SIGKILL), name="hard timeout").add_done_callback(log_failure)
