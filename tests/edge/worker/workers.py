"""Worlds made of source text, for tests."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

from edge.config import DurableBinding, ServiceBinding, WorkerConfig, WorldConfig
from edge.http.request import Request
from edge.http.response import Response
from edge.kernel.clock import Clock
from edge.world import World
from wrangler_compat.modules.dialect import PythonDialect

HEAD = "from workers import DurableObject, Response, WorkerEntrypoint\nimport asyncio, js\n"


def worker(folder: Path, source: str, *, name: str = "main", **options: Any) -> WorkerConfig:
    """A Worker called `name` whose main module is `source` below the usual imports."""
    root = folder / name
    root.mkdir(exist_ok=True)
    (root / "entry.py").write_text(HEAD + dedent(source))
    classes: tuple[str, ...] = options.pop("classes", ())
    return WorkerConfig(
        name=name,
        root=root,
        main=root / "entry.py",
        compatibility_date="2026-10-01",
        compatibility_flags=("python_workers",),
        durable=tuple(DurableBinding(cls.upper(), cls) for cls in classes),
        durable_classes=dict.fromkeys(classes, True),
        services=tuple(options.pop("services", ())) or (),
        **options,
    )


def world(*workers: WorkerConfig, clock: Clock, state_dir: Path | None = None) -> World:
    return World(WorldConfig(workers), dialect=PythonDialect(), clock=clock, seed=1, state_dir=state_dir)


async def get(world: World, path: str = "/", *, worker: str | None = None) -> Response:
    return await world.dispatch(Request.incoming("GET", f"http://x{path}", [], None), worker=worker)


async def text(world: World, path: str = "/", *, worker: str | None = None) -> str:
    answer = await get(world, path, worker=worker)
    body = await answer.text()
    assert isinstance(body, str)
    return body


__all__ = ["ServiceBinding", "get", "text", "worker", "world"]
