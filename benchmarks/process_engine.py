"""What sandboxes cost in the process engine: `python -m benchmarks.process_engine`.

Each call of an engine many times over, in milliseconds: the median, the best and the worst. Starts are
measured with the pool of sandboxes that run ahead and without it.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from edge.containers.engine import Image, Instance, InstanceSpec, InstanceType
from edge.kernel import tasks
from edge.kernel.clock import WallClock
from edge.kernel.random import RandomStreams
from sandbox.engines.context import EngineContext
from sandbox.engines.process.engine import ProcessEngine

_IMAGE = Image(reference="bare")
_MIB = bytes(1024 * 1024)
_ECHO = (
    "import socket\nsock = socket.create_server(('0.0.0.0', 4000))\nprint('ready', flush=True)\n"
    "while True:\n    peer, _ = sock.accept()\n"
    "    while data := peer.recv(65536):\n        peer.sendall(data)\n"
)


class Measured:
    """Rows of figures."""

    def __init__(self, rounds: int) -> None:
        self.rounds = rounds
        self.table = Table("what", "median ms", "best", "worst")

    async def each(self, what: str, work: Callable[[], Awaitable[object]]) -> None:
        """Do it again and again, one after the other."""
        taken_ms = []
        for _ in range(self.rounds):
            started = time.perf_counter()
            await work()
            taken_ms.append((time.perf_counter() - started) * 1000)
        self.row(what, taken_ms)

    async def once(self, what: str, work: Awaitable[object]) -> None:
        started = time.perf_counter()
        await work
        self.row(what, [(time.perf_counter() - started) * 1000])

    def row(self, what: str, taken_ms: list[float]) -> None:
        figures = (statistics.median(taken_ms), min(taken_ms), max(taken_ms))
        self.table.add_row(what, *(f"{figure:.2f}" for figure in figures))


class House:
    """An engine with a counter of names."""

    def __init__(self, state: Path, pool_size: int) -> None:
        context = EngineContext(WallClock(), RandomStreams(1), None, state)
        self.engine = ProcessEngine(context, pool_size=pool_size)
        self._count = 0

    async def start(self) -> Instance:
        self._count += 1
        spec = InstanceSpec(
            name=f"bench-{self._count}",
            image=_IMAGE,
            instance_type=InstanceType("basic", 0.25, 1024, 4000),
            labels={"sandbox-server": "1"},
        )
        return await self.engine.start(spec)


async def _ignore(_stream: str, _data: bytes) -> None:
    return


async def _run(instance: Instance, *argv: str) -> None:
    process = await instance.spawn(argv)
    await process.wait()
    await process.io.close()
    if process.stderr is not None:
        await process.stderr.close()


async def _starts(measured: Measured, house: House, what: str) -> None:
    taken_ms = []
    for _ in range(measured.rounds):
        await house.engine.prepare(_IMAGE)  # waits until the pool is full
        started = time.perf_counter()
        instance = await house.start()
        taken_ms.append((time.perf_counter() - started) * 1000)
        await instance.destroy()
    measured.row(what, taken_ms)


async def calls(measured: Measured, instance: Instance) -> None:
    """What is done in a sandbox, on any engine."""
    shell = await instance.open_shell(cwd="/workspace", env={})
    await measured.each("`true` in a shell that is kept", lambda: shell.run("true", _ignore))
    await measured.each("`true` as a program, to its end", lambda: _run(instance, "true"))
    await measured.each("write a file of 1 MiB", lambda: instance.files.write("/workspace/f", _MIB))

    async def read() -> None:
        async for _ in instance.files.read("/workspace/f"):
            pass

    await measured.each("read a file of 1 MiB", read)
    server = await instance.spawn(("python3", "-c", _ECHO))
    await server.io.read()

    async def connect() -> None:
        await (await instance.connect(4000)).close()

    await measured.each("connect to a port", connect)
    connection = await instance.connect(4000)

    async def echo() -> None:
        await connection.write(b"x" * 32)
        await connection.read()

    await measured.each("32 bytes there and back", echo)
    await connection.close()


async def _measure(measured: Measured, many: int) -> None:
    tasks.install(asyncio.get_running_loop())
    with tempfile.TemporaryDirectory() as state:
        cold = House(Path(state), pool_size=0)
        await measured.once("open the engine", cold.engine.open())
        await _starts(measured, cold, "start, no pool")
        await calls(measured, await cold.start())

        async def all_at_once() -> None:
            await asyncio.gather(*(cold.start() for _ in range(many)))

        await measured.once(f"start {many} at once, no pool", all_at_once())
        await measured.once("close the engine with all of them", cold.engine.close())
        warm = House(Path(state), pool_size=2)
        await warm.engine.open()
        await _starts(measured, warm, "start, pool of 2")
        await warm.engine.close()


@click.command()
@click.option("--rounds", default=50, help="how often each call is made")
@click.option("--many", default=100, help="how many sandboxes are started at once")
def main(rounds: int, many: int) -> None:
    """Measure the process engine."""
    measured = Measured(rounds)
    asyncio.run(_measure(measured, many))
    Console().print(measured.table)


if __name__ == "__main__":
    main()
