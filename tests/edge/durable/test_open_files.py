"""More objects than a process may have files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edge.durable.host import DurableHost
from edge.durable.open_files import OpenFiles
from edge.kernel.clock import VirtualClock
from tests.edge.durable.code import hosting
from tests.loops import run_virtual


class File:
    def __init__(self, *, used: bool = False) -> None:
        self.used = used
        self.is_open = True

    def close_file(self) -> bool:
        self.is_open = self.used
        return not self.used


def test_the_oldest_that_is_not_in_use_makes_room() -> None:
    files = OpenFiles()
    files.limit = 3
    held = [File(used=True), File(), File(), File(), File()]
    for file in held:
        files.opened(file)
    assert [file.is_open for file in held] == [True, False, False, True, True]
    assert len(files) == 3
    files.closed(held[3])
    assert len(files) == 2


def test_nobody_in_use_is_closed() -> None:
    files = OpenFiles()
    files.limit = 1
    held = [File(used=True), File(used=True)]
    for file in held:
        files.opened(file)
    assert [file.is_open for file in held] == [True, True]


class Counter:
    def __init__(self, ctx: Any, env: Any) -> None:
        self.ctx = ctx
        self.in_memory = 0

    async def increment(self) -> str:
        self.in_memory += 1
        stored = (await self.ctx.storage.get("n") or 0) + 1
        await self.ctx.storage.put("n", stored)
        return f"{self.in_memory} {stored}"


def test_an_object_whose_file_was_closed_goes_on(tmp_path: Path) -> None:
    clock = VirtualClock()

    async def main() -> tuple[list[str], int]:
        async with hosting(Counter, clock, directory=tmp_path) as host:
            host.open_files.limit = 2
            answers = [await call(host, name) for name in ("a", "b", "c", "d", "a", "b")]
            open_now = len(host.open_files)
            await clock.sleep(11)
            assert len(host.open_files) == 0
            return answers, open_now

    answers, open_now = run_virtual(main(), clock)
    assert answers == ["1 1", "1 1", "1 1", "1 1", "2 2", "2 2"]
    assert open_now == 2


async def call(host: DurableHost, name: str) -> str:
    answer: str = await host.namespace().getByName(name).increment()
    return answer
