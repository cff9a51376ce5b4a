"""Run a coroutine to its end on a real or a virtual loop."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from edge.kernel import tasks
from edge.kernel.clock import VirtualClock
from edge.kernel.loop import VirtualLoop

_T = TypeVar("_T")


def _drive(loop: asyncio.AbstractEventLoop, coro: Coroutine[Any, Any, _T]) -> _T:
    tasks.install(loop)
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(coro)


def run(coro: Coroutine[Any, Any, _T]) -> _T:
    """Run `coro` on a fresh asyncio loop in real time."""
    return _drive(asyncio.new_event_loop(), coro)


def run_virtual(coro: Coroutine[Any, Any, _T], clock: VirtualClock | None = None) -> _T:
    """Run `coro` in virtual time: waiting costs nothing."""
    return _drive(VirtualLoop(clock or VirtualClock()), coro)
