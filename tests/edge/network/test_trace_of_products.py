"""One seed, one trace, with every product that takes modelled time, distance by chance, and faults."""

from __future__ import annotations

import io
from pathlib import Path

from edge.config import AssetsConfig, D1Binding, KvBinding, R2Binding
from edge.js.errors import JsException
from edge.kernel.spans import Tracer
from edge.trace.lines import TraceFile
from tests.edge.network.project import Project, play

CODE = """
import asyncio
from js import Headers, Response as JsResponse, caches
from workers import Response, WorkerEntrypoint


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        name = request.url.split("/")[-1]
        key = f"http://x/{name}"
        if await caches.default.match(key) is not None:
            return Response("cached")
        db = self.env.DB
        await db.exec("CREATE TABLE IF NOT EXISTS seen (name TEXT)")
        await asyncio.gather(
            self.env.BUCKET.put(name, name * 50_000),
            db.prepare("INSERT INTO seen VALUES (?)").bind(name).run(),
            self.env.KV.put(name, name),
        )
        read = await asyncio.gather(
            self.env.BUCKET.get(name),
            db.prepare("SELECT count(*) AS n FROM seen").first(),
            self.env.KV.get(name),
        )
        page = await (await self.env.ASSETS.fetch("http://x/page")).text()
        headers = Headers.new({"cache-control": "max-age=60"}.items())
        await caches.default.put(key, JsResponse.new(name, headers=headers))
        return Response(f"{len(await read[0].text())} {read[1].n} {read[2]} {page}")
"""
FAULTS = [
    {"kind": "r2_error", "probability": 0.1},
    {"kind": "d1_slow", "extra": "1s", "probability": 0.2},
    {"kind": "d1_error", "probability": 0.1},
    {"kind": "loss", "between": ["*", "*"], "probability": 0.05},
]


def traced(folder: Path, seed: int) -> tuple[str, int]:
    """The trace of some visits, and how many of them failed."""
    file = io.StringIO()
    failed = 0

    async def scenario(project: Project) -> None:
        nonlocal failed
        project.world.tracer = Tracer(project.clock, TraceFile(file))
        for turn in range(24):
            try:
                await project.get(f"page{turn % 6}", ("syd", "lhr", "iad")[turn % 3])
            except JsException:
                failed += 1

    bindings = {
        "assets": AssetsConfig(folder, "ASSETS"),
        "kv": (KvBinding("KV", "kv"),),
        "r2": (R2Binding("BUCKET", "bucket"),),
        "d1": (D1Binding("DB", "db"),),
    }
    play(scenario, seed=seed, code=CODE, bindings=bindings, network="edge", faults=FAULTS)
    return file.getvalue(), failed


def test_one_seed_one_trace(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("a page")
    trace, failed = traced(tmp_path, 1)
    assert 0 < failed < 24
    for name in ("r2.storage", "d1.storage", "cache.storage", "assets.storage", "kv.storage"):
        assert f'"name": "{name}"' in trace or f'"name":"{name}"' in trace
    assert traced(tmp_path, 1) == (trace, failed)
    assert traced(tmp_path, 2)[0] != trace
