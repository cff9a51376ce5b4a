"""What a file of 1 MiB costs a Worker through the Sandbox SDK: `python -m benchmarks.sandbox_files`.

`write_file` and `read_file` of texts, in a Worker of a world: RPC to the object, its request to the server of
the sandbox, the engine's files, and back.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from edge.config import ContainerConfig, DurableBinding, WorkerConfig, WorldConfig
from edge.containers.engine import Engine
from edge.http.request import Request
from edge.kernel import tasks
from edge.world import World
from sandbox.engines.context import EngineContext
from sandbox.engines.docker.engine import DockerEngine
from sandbox.engines.process.engine import ProcessEngine
from sandbox.engines.supervised import Supervised
from wrangler_compat.modules.dialect import PythonDialect

_ENTRY = """
import json, statistics, time
from sandbox import Sandbox, get_sandbox
from workers import Response, WorkerEntrypoint

LINES = {
    "one letter": "x",
    "code in English": 'def greet(name): return f"Hello {name}"  # say it\\n',
    "German": "Grüße aus Köln, mit schönen Wörtern und einem Zeilenende\\n",
    "Chinese": "你好，世界。这是一行文字。\\n",
}


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        box = get_sandbox(self.env.Sandbox, "box")
        rounds = int(request.url.rpartition("/")[2])
        measured = {what: await self.measured(box, line, rounds) for what, line in LINES.items()}
        return Response(json.dumps(measured))

    async def measured(self, box, line, rounds):
        text = (line * (2**20 // len(line.encode()) + 1)).encode()[: 2**20].decode(errors="ignore")
        taken_ms = []
        for _ in range(rounds + 3):
            started = time.perf_counter()
            await box.write_file("/workspace/text", text)
            written = time.perf_counter()
            found = await box.read_file("/workspace/text")
            taken_ms.append([(written - started) * 1000, (time.perf_counter() - written) * 1000])
            assert found.content == text
        return [(statistics.median(one), min(one)) for one in zip(*taken_ms[3:])]
"""


def _world(folder: Path, image: str | None) -> World:
    (folder / "entry.py").write_text(_ENTRY)
    container = ContainerConfig("Sandbox", image=image or "bare", instance_type="basic", memory_mib=1024)
    worker = WorkerConfig(
        "bench", folder, folder / "entry.py", "2026-10-01", ("python_workers",),
        durable=(DurableBinding("Sandbox", "Sandbox"),), durable_classes={"Sandbox": True},
        containers=(container,), subrequests_max=10_000_000,
    )  # fmt: skip

    def engine(world: World) -> Engine:
        context = EngineContext(world.clock, world.random, None, folder / "state")
        return Supervised(DockerEngine(context) if image else ProcessEngine(context), context)

    return World(WorldConfig((worker,)), dialect=PythonDialect(), engine=engine)


async def _measure(rounds: int, image: str | None, table: Table) -> None:
    tasks.install(asyncio.get_running_loop())
    with tempfile.TemporaryDirectory() as folder:
        world = _world(Path(folder), image)
        await world.start()
        answer = await world.dispatch(Request.make(f"http://x/{rounds}"))
        for what, (written, read) in json.loads(await answer.read_bytes()).items():
            table.add_row(what, *(f"{figure:.1f}" for figure in (*written, *read)))
        await world.close(1)


@click.command()
@click.option("--rounds", default=40, show_default=True, help="How often each file is written and read.")
@click.option("--image", help="Measure the docker engine, with this image; else it is the process engine.")
def main(*, rounds: int, image: str | None) -> None:
    """Measure files of 1 MiB through the Sandbox SDK."""
    table = Table("1 MiB of text, ms", "write", "best", "read", "best")
    asyncio.run(_measure(rounds, image, table))
    Console().print(table)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.sandbox_files")
