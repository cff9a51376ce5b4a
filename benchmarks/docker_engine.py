"""What containers cost in the docker engine: `python -m benchmarks.docker_engine --image NAME`.

The calls are those of `benchmarks.process_engine`. Starts are measured in turn with those of the `docker` SDK
alone: a container of the same image and limits, on the daemon's own network.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

import click
from rich.console import Console

from benchmarks.process_engine import Measured, calls
from edge.containers.engine import Image, Instance, InstanceSpec, InstanceType
from edge.kernel import tasks
from edge.kernel.clock import WallClock
from edge.kernel.random import RandomStreams
from sandbox.engines.context import EngineContext
from sandbox.engines.docker.address import docker_address
from sandbox.engines.docker.daemon import client
from sandbox.engines.docker.engine import DockerEngine
from sandbox.engines.docker.limits import host_config

_TYPE = InstanceType("basic", 0.25, 1024, 4000)


class House:
    """An engine, and the SDK beside it."""

    def __init__(self, image: str, pool_size: int) -> None:
        self.engine = DockerEngine(EngineContext(WallClock(), RandomStreams(1)), pool_size=pool_size)
        self._api = client(docker_address())
        self._image = image
        self._count = 0

    async def start(self) -> Instance:
        self._count += 1
        return await self.engine.start(
            InstanceSpec(
                name=f"bench-{self._count}",
                image=Image(reference=self._image),
                instance_type=_TYPE,
                labels={"sandbox-server": "1"},
            )
        )

    def start_alone(self, network: str = "default") -> Any:
        """The SDK, as one would write it."""
        made = self._api.create_container(
            self._image,
            ["sh", "-c", "read -r _"],
            stdin_open=True,
            host_config=self._api.create_host_config(init=True, network_mode=network, **host_config(_TYPE)),
        )
        self._api.start(made)
        return made

    def start_alone_on_a_network(self) -> tuple[Any, str]:
        """The same with a network of its own, as the engine's containers have."""
        name = f"bench-{time.time_ns()}"
        network = self._api.create_network(name, driver="bridge", internal=True)
        return self.start_alone(name), network["Id"]

    def exec_alone(self, container: Any) -> None:
        """A command by an exec of its own, as the SDK does it."""
        self._api.exec_start(self._api.exec_create(container, ["sh", "-c", "true"]))

    def remove(self, container: Any, network: str = "") -> None:
        self._api.remove_container(container, force=True)
        if network:
            self._api.remove_network(network)

    def close(self) -> None:
        self._api.close()


async def _starts(measured: Measured, house: House) -> None:
    ours_ms, alone_ms, networked_ms = [], [], []
    for _ in range(measured.rounds):
        started = time.perf_counter()
        instance = await house.start()
        ours_ms.append((time.perf_counter() - started) * 1000)
        await instance.destroy()
        started = time.perf_counter()
        container = house.start_alone()
        alone_ms.append((time.perf_counter() - started) * 1000)
        house.remove(container)
        started = time.perf_counter()
        container, network = house.start_alone_on_a_network()
        networked_ms.append((time.perf_counter() - started) * 1000)
        house.remove(container, network)
    measured.row("start a sandbox, no pool", ours_ms)
    measured.row("the SDK alone: create and start", alone_ms)
    measured.row("the SDK alone, with a network of its own", networked_ms)


async def _warm_starts(measured: Measured, image: str) -> None:
    house = House(image, pool_size=1)
    await house.engine.open()
    taken_ms = []
    for number in range(measured.rounds + 1):
        started = time.perf_counter()
        instance = await house.start()
        if number:  # the first one fills the pool
            taken_ms.append((time.perf_counter() - started) * 1000)
        await house.engine.filled()
        await instance.destroy()
    measured.row("start a sandbox, pool of 1", taken_ms)
    await house.engine.close()
    house.close()


async def _measure(measured: Measured, image: str, many: int) -> None:
    tasks.install(asyncio.get_running_loop())
    house = House(image, pool_size=0)
    await measured.once("open the engine", house.engine.open())
    await _starts(measured, house)
    container = house.start_alone()

    async def exec_alone() -> None:
        house.exec_alone(container)

    await measured.each("the SDK alone: `sh -c true`", exec_alone)
    house.remove(container)
    await calls(measured, await house.start())

    async def all_at_once() -> None:
        await asyncio.gather(*(house.start() for _ in range(many)))

    await measured.once(f"start {many} at once", all_at_once())
    await measured.once("close the engine with all of them", house.engine.close())
    house.close()
    await _warm_starts(measured, image)


@click.command()
@click.option("--image", required=True, help="an image of the daemon's with sh and python3")
@click.option("--rounds", default=20, help="how often each call is made")
@click.option("--many", default=20, help="how many sandboxes are started at once")
def main(image: str, rounds: int, many: int) -> None:
    """Measure the docker engine on the daemon of DOCKER_HOST."""
    measured = Measured(rounds)
    asyncio.run(_measure(measured, image, many))
    Console().print(measured.table)


if __name__ == "__main__":
    main()
