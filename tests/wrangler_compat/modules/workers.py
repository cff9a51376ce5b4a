"""Loads a Worker from source text, without a world around it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edge.config import WorkerConfig
from edge.http.request import Request
from edge.http.response import Response
from edge.js.objects import JsObject
from edge.kernel.clock import WallClock
from edge.worker.isolate import Isolate
from edge.worker.service import Service
from wrangler_compat.modules.dialect import PythonDialect

NEW = "2026-10-01"
OLD = "2026-03-01"


def config(root: Path, date: str = NEW, flags: Sequence[str] = ()) -> WorkerConfig:
    return WorkerConfig(
        name="worker",
        root=root,
        main=root / "entry.py",
        compatibility_date=date,
        compatibility_flags=("python_workers", *flags),
    )


class Loaded:
    """A Worker under test."""

    def __init__(self, root: Path, source: str, date: str = NEW, flags: Sequence[str] = ()) -> None:
        (root / "entry.py").write_text(source)
        self.dialect = PythonDialect()
        self.isolate = Isolate(config(root, date, flags), self.dialect, JsObject({"V": "1"}))
        self.service = Service(self.isolate, WallClock())

    async def fetch(self, path: str = "/", method: str = "GET", body: bytes | None = None) -> Response:
        return await self.service.fetch(Request.incoming(method, f"http://h{path}", [("x-a", "1")], body))

    async def text(self, path: str = "/", method: str = "GET", body: bytes | None = None) -> str:
        response = await self.fetch(path, method, body)
        return (await response.read_bytes()).decode()

    def instance(self, name: str, ctx: Any = None) -> Any:
        exports = self.isolate.exports
        cls = {**exports.entrypoints, **exports.durable}[name]
        return self.dialect.construct(cls, ctx or JsObject(), self.isolate.env)
