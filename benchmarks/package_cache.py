"""What installing in a sandbox costs, with packages shared and not: `python -m benchmarks.package_cache`.

Each command runs in sandboxes of its own, one after the other, with the registries that this machine uses:
the first installation, and the same in other sandboxes afterwards.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
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

_COMMANDS = ("npm install -g cowsay@1.6.0", "npm install -g typescript@5.4.5", "pip install django==5.0.6")
_TYPE = InstanceType("standard-2", 1, 6144, 12000)


async def _took_s(instance: Instance, command: str) -> float:
    started = time.perf_counter()
    process = await instance.spawn(("sh", "-c", f"{command} > /tmp/said 2>&1"), cwd="/root")
    code = await process.wait()
    assert code == 0, f"{command} ends with {code}: {await instance.files.read('/tmp/said')!r}"
    return time.perf_counter() - started


async def _each(engine: ProcessEngine, command: str, rounds: int) -> list[float]:
    taken_s = []
    for number in range(rounds + 1):
        spec = InstanceSpec(f"{command}-{number}", Image(reference="bare"), _TYPE, (), enable_internet=True)
        instance = await engine.start(spec)
        taken_s.append(await _took_s(instance, command))
        await instance.destroy()
    return taken_s


async def _measure(commands: tuple[str, ...], rounds: int, table: Table) -> None:
    tasks.install(asyncio.get_running_loop())
    for cached in (False, True):
        with tempfile.TemporaryDirectory() as state:
            context = EngineContext(WallClock(), RandomStreams(1), None, Path(state), package_cache=cached)
            engine = ProcessEngine(context)
            await engine.open()
            for command in commands:
                first_s, *later_s = await _each(engine, command, rounds)
                later = f"{statistics.median(later_s):.2f} ({min(later_s):.2f}-{max(later_s):.2f})"
                table.add_row(command, "yes" if cached else "no", f"{first_s:.2f}", later)
            await engine.close()


@click.command()
@click.argument("commands", nargs=-1)
@click.option("--rounds", default=3, show_default=True, help="Installations after the first one.")
def main(*, commands: tuple[str, ...], rounds: int) -> None:
    """Measure COMMANDS, each an installation by npm or pip."""
    table = Table("command", "cache", "first, s", "later, s", title="installing in a sandbox")
    asyncio.run(_measure(commands or _COMMANDS, rounds, table))
    Console().print(table)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.package_cache")
