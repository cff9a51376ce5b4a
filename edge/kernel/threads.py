"""Blocking work beside the loop, holding the clock while it lasts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from edge.kernel.clock import Clock, VirtualClock

_T = TypeVar("_T")

# Measured on 2 cores (2026-11-23): durable SQLite commits over many files a second: 2,600 with one
# thread, 5,200 with 4, 6,600 with 8, no more with 16.
_pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="edge-offload")


async def offload(clock: Clock, work: Callable[[], _T]) -> _T:
    """Run `work` in a thread and give its result; in virtual time run it at once, so that the order
    of events never depends on how fast the disk is."""
    if isinstance(clock, VirtualClock):
        return work()
    return await asyncio.get_running_loop().run_in_executor(_pool, work)
