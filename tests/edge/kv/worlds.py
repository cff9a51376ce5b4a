"""Clocks and stores for KV tests: both variants of the store, under time that tests move."""

from __future__ import annotations

import asyncio
from pathlib import Path

from edge.kernel import tasks
from edge.kernel.clock import WallClock
from edge.kv.hot_cache import HotCache
from edge.kv.store import Store

START_S = 1_800_000_000.0


class SteppedClock(WallClock):
    """Shows the time a test sets, while waiting takes real time: for stores that use threads."""

    def __init__(self, now_s: float = START_S) -> None:
        self.now_s = now_s

    def now(self) -> float:
        return self.now_s

    def now_ms(self) -> int:
        return round(self.now_s * 1000)


def make_store(path: Path | None, clock: SteppedClock, *, cache_bytes_max: int | None = None) -> Store:
    """A store at `path` (with threads), or in memory (without)."""
    return Store(path, clock, cache=None if cache_bytes_max is None else HotCache(cache_bytes_max))


def new_loop() -> asyncio.AbstractEventLoop:
    """A real loop as worlds run on."""
    loop = asyncio.new_event_loop()
    tasks.install(loop)
    return loop
