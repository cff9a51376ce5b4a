"""The client's modules as a Worker has them, without a world around it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edge.http.host import current_host
from tests.loops import run
from tests.wrangler_compat.modules.workers import Loaded

ENTRY = """
import sandbox
from workers import Response, WorkerEntrypoint

class Default(WorkerEntrypoint):
    async def fetch(self, request):
        return Response("")
"""


class Space:
    """A Worker's copy of `sandbox`."""

    def __init__(self, folder: Path) -> None:
        self._loaded = Loaded(folder, ENTRY)

    def module(self, name: str) -> Any:
        return self._loaded.isolate.space.import_module(name)

    def run(self, work: Any) -> Any:
        """Run a coroutine function as the Worker's own."""

        async def inside() -> Any:
            token = current_host.set(self._loaded.isolate.host)
            try:
                return await work()
            finally:
                current_host.reset(token)

        return run(inside())


class Stub:
    """The object's stub: answers what a test says, and keeps what it was asked."""

    def __init__(self, **answers: Any) -> None:
        self._answers = answers
        self.asked: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        async def call(*args: Any) -> Any:
            self.asked.append((name, *args))
            answer = self._answers.get(name)
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call
