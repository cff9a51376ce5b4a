"""`ctx.exports`: a Worker calls its own entrypoints."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.config import DurableBinding, WorkerConfig, WorldConfig
from edge.testing.world import WorldUnderTest
from wrangler_compat.modules.dialect import PythonDialect

SOURCE = """
from workers import DurableObject, Response, WorkerEntrypoint, fetch

class Greeter(WorkerEntrypoint):
    async def fetch(self, request):
        return Response(f"{request.url} for {getattr(self.ctx.props, 'user', 'nobody')}")

    async def greet(self, name):
        return f"hello {name} of {self.ctx.props.team}"

class Box(DurableObject):
    async def ask(self):
        return await self.ctx.exports.Greeter(props={"team": "blue"}).greet("box")

class Default(WorkerEntrypoint):
    async def fetch(self, request):
        exports = getattr(self.ctx, "exports", None)
        if request.url.endswith("/absent"):
            return Response(f"{exports is None} {getattr(exports, 'Nobody', None)}")
        if request.url.endswith("/object"):
            return Response(await self.env.BOX.getByName("a").ask())
        greeter = exports.Greeter
        if request.url.endswith("/props"):
            greeter = greeter({"props": {"user": "ann"}})
        return await fetch("http://h/inner", fetcher=greeter.fetch)
"""


def make(folder: Path, date: str = "2026-10-01") -> WorldUnderTest:
    (folder / "entry.py").write_text(SOURCE)
    config = WorkerConfig(
        name="worker",
        root=folder,
        main=folder / "entry.py",
        compatibility_date=date,
        compatibility_flags=("python_workers", "enable_python_external_sdk"),
        durable=(DurableBinding("BOX", "Box"),),
        durable_classes={"Box": True},
    )
    return WorldUnderTest(WorldConfig((config,)), dialect=PythonDialect())


def ask(world: WorldUnderTest, path: str) -> str:
    async def main() -> str:
        await world.start()
        text = (await world.client.get(path)).text
        await world.close()
        return text

    try:
        return world.run(main())
    finally:
        world.stage.close()


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/plain", "http://h/inner for nobody"),
        ("/props", "http://h/inner for ann"),
        ("/object", "hello box of blue"),
        ("/absent", "False None"),
    ],
)
def test_a_worker_calls_its_own_entrypoints(tmp_path: Path, path: str, answer: str) -> None:
    assert ask(make(tmp_path), path) == answer


def test_before_its_date_it_is_absent(tmp_path: Path) -> None:
    assert ask(make(tmp_path, "2025-11-16"), "/absent") == "True None"
