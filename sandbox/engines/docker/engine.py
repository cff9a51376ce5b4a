"""The docker engine: each container is one of a daemon's, on a network of its own."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable
from dataclasses import replace

from docker.errors import APIError

from edge.containers.engine import ContainerGone, EngineUnavailable, Image, InstanceSpec, StartFailed
from edge.kernel.clock import VirtualClock
from edge.kernel.tasks import log_failure, spawn_outside
from sandbox.engines.context import EngineContext
from sandbox.engines.docker import ports
from sandbox.engines.docker.address import Address, docker_address
from sandbox.engines.docker.creation import SANDBOX_LABELS, Creation, is_idle, remove
from sandbox.engines.docker.daemon import Daemon, gently, refusal
from sandbox.engines.docker.images import Built, Images
from sandbox.engines.docker.instance import DockerInstance
from sandbox.engines.docker.networks import Network, Networks, forwards
from sandbox.engines.docker.owner import new_owner, remove_left
from sandbox.engines.docker.spares import Kind, Spares
from sandbox.engines.docker.streams import STDERR, STDOUT, StreamEnd, Streams
from sandbox.engines.docker.ways_out import WaysOut, intercepts
from sandbox.engines.docker.wire import Refused, Wire
from sandbox.engines.process.output import log_lines

_log = logging.getLogger("edge.containers")

#: Sandboxes of a kind that are started ahead of the next call.
POOL_SIZE = 1


class DockerEngine:
    """Implements `edge.containers.engine.Engine`."""

    name = "docker"

    def __init__(
        self,
        context: EngineContext,
        address: Callable[[], Address] = docker_address,
        *,
        publish: bool | None = None,
        pool_size: int = POOL_SIZE,
    ) -> None:
        """`address`: where the daemon is, asked when the engine opens. `publish`: reach ports by publishing
        them on this machine; None: when containers have no address that this machine reaches. `pool_size`:
        how many sandboxes of a kind are started ahead."""
        self._clock = context.clock
        self._address = address
        self._publish = publish
        self._owner = new_owner()
        self._names = itertools.count(1)
        self._daemon: Daemon | None = None
        # A sandbox that runs holds virtual time, also one that nobody has asked for yet.
        self._spares = Spares(0 if isinstance(context.clock, VirtualClock) else pool_size, self._boot_idle)
        self._instances: set[DockerInstance] = set()
        #: Whether an image has a program.
        self._has: dict[tuple[str, str], bool] = {}

    def isolation(self) -> str:
        where = "" if self._daemon is None else f" at {self._daemon.address}"
        routed = (
            " This machine forwards packets: where the daemon keeps no firewall, containers reach each other."
            if forwards()
            else ""
        )
        return (
            f"Containers of the daemon{where}: each has files, processes and a network of its own. "
            f"The kernel is shared.{routed}"
        )

    async def open(self) -> None:
        self._daemon = await Daemon.connect(self._clock, self._address())
        self._images = Images(self._daemon)
        self._networks = Networks(self._daemon, self._owner)
        self._ways = WaysOut(self._daemon)
        for name in await self._daemon.call(remove_left):
            _log.info("removed what an engine that is gone had left: %s", name)

    async def prepare(self, image: Image) -> None:
        self._opened()
        await self._images.build(image)
        await self._spares.forget(self._images.built)

    async def start(self, spec: InstanceSpec) -> DockerInstance:
        self._opened()
        image = await self._images.get(spec.image)
        if not is_idle(spec):
            return await self._boot(spec, image)
        if spec.labels == SANDBOX_LABELS:
            internet = spec.enable_internet and not intercepts(spec)
            instance = await self._spares.take(Kind(image, spec.instance_type, internet))
        else:
            instance = await self._boot(spec, image)  # labels cannot be given later
        try:
            way_out = await self._ways.open(instance.network, spec)
            await self._ways.certify(instance.id, spec)
        except BaseException:
            await instance.destroy()
            raise
        instance.name, instance.env = spec.name, {**way_out, **spec.env}
        if beside := (*image.entrypoint, *image.command):
            task = spawn_outside(_run_beside(instance, beside), name=f"command of {instance.name}")
            task.add_done_callback(log_failure)
        return instance

    async def filled(self) -> None:
        """Wait until the pool has what it should have."""
        await self._spares.filled()

    async def close(self) -> None:
        await self._spares.close()
        await asyncio.gather(*(instance.destroy() for instance in list(self._instances)))
        if self._daemon is not None:
            await self._daemon.close()
            self._daemon = None

    # -- one container

    async def _boot_idle(self, kind: Kind) -> DockerInstance:
        """A sandbox that nobody has asked for yet."""
        spec = InstanceSpec(
            name="sandbox",
            image=Image(reference=kind.image.id),
            instance_type=kind.instance_type,
            enable_internet=kind.internet,
            labels=SANDBOX_LABELS,
        )
        return await self._boot(spec, kind.image)

    async def _boot(self, spec: InstanceSpec, image: Built) -> DockerInstance:
        daemon = self._opened()
        name = f"edge-{self._owner.replace('/', '-')}-{next(self._names)}"
        network = await self._network(name, spec)
        publish, podman = bool(self._publish), daemon.is_podman
        creation = Creation(name, self._owner, spec, image, network, publish, podman)
        try:
            if not is_idle(spec):
                way_out = await self._ways.open(network, spec)
                creation = replace(creation, spec=replace(spec, env={**way_out, **spec.env}))
            id = await daemon.call(creation.create)
        except BaseException as error:
            await self._remove(network)
            if isinstance(error, APIError):
                raise StartFailed(f"A container of {spec.image} cannot be made: {refusal(error)}") from error
            raise
        instance = self._instance(daemon, creation, id, network)
        try:
            await self._run(daemon, creation, instance)
        except BaseException as error:
            await instance.destroy()
            if isinstance(error, APIError | Refused):
                said = refusal(error) if isinstance(error, APIError) else error
                raise StartFailed(f"A container of {spec.image} does not start: {said}") from error
            raise
        return instance

    def _opened(self) -> Daemon:
        if self._daemon is None:
            raise EngineUnavailable("The engine is not open.")
        return self._daemon

    async def _network(self, name: str, spec: InstanceSpec) -> Network:
        daemon = self._opened()
        # From a network that leads nowhere nothing is published, and on Podman this machine is not on it.
        open_to = spec.enable_internet and not intercepts(spec)
        internal = not (open_to or self._publish or daemon.is_podman)
        network = await self._networks.make(name, internal=internal)
        if self._publish is None:
            # Podman makes a network's bridge with its first container: there is nothing to see yet.
            self._publish = daemon.is_rootless if daemon.is_podman else network.is_elsewhere
            if self._publish:
                _log.warning(
                    "the daemon's networks are not on this machine: only ports that a Dockerfile names "
                    "(EXPOSE) are reached, and containers without enable_internet have it all the same"
                )
                await self._networks.remove(network)
                return await self._network(name, spec)
        return network

    def _instance(self, daemon: Daemon, creation: Creation, id: str, network: Network) -> DockerInstance:
        async def free() -> None:
            await gently(daemon, lambda api: remove(api, id))
            await self._remove(network)
            self._instances.discard(instance)  # last: `close` waits for what it finds here

        instance = DockerInstance(
            daemon, id, creation.spec.name, network, has_main=not is_idle(creation.spec), free=free
        )
        self._instances.add(instance)
        return instance

    async def _remove(self, network: Network) -> None:
        await self._ways.close(network)
        await self._networks.remove(network)

    async def _run(self, daemon: Daemon, creation: Creation, instance: DockerInstance) -> None:
        await self._check_program(daemon, creation, instance.id)
        if not is_idle(creation.spec):
            await self._ways.certify(instance.id, creation.spec)
        # Both before the start: nothing it prints is missed, nor its end, however soon that is.
        output, watch = await asyncio.gather(daemon.attach(instance.id), daemon.watch_exit(instance.id))
        instance.started(watch)
        _log_output(creation.spec.name, output)
        await daemon.call(lambda api: api.start(instance.id))
        instance.host = creation.network.address
        if creation.publish:
            instance.host = daemon.address.host or "127.0.0.1"
            found = await daemon.call(lambda api: api.inspect_container(instance.id))
            instance.published = ports.published(found)

    async def _check_program(self, daemon: Daemon, creation: Creation, id: str) -> None:
        """What runs it is an init, so that the daemon does not notice when there is none."""
        program = creation.program
        if program is None:
            return
        key = (creation.image.id, program)
        if key not in self._has:
            self._has[key] = await daemon.call(lambda api: creation.has_program(api, id, program))
        if not self._has[key]:
            raise StartFailed(f"The image {creation.spec.image} has no {program}")


def _log_output(name: str, wire: Wire) -> None:
    streams = Streams(wire, terminal=False, on_end=lambda: None)
    for number in (STDOUT, STDERR):
        spawn_outside(log_lines(name, StreamEnd(streams, number, stdin=False)), name=f"output of {name}")


async def _run_beside(instance: DockerInstance, command: tuple[str, ...]) -> None:
    """What the image of a sandbox runs."""
    try:
        process = await instance.spawn(command)
    except ContainerGone:
        return
    except OSError as error:
        _log.warning("%s: the command of its image does not run: %s", instance.name, error)
        return
    for stream in (process.io, process.stderr):
        assert stream is not None
        spawn_outside(log_lines(instance.name, stream), name=f"output of {instance.name}")
