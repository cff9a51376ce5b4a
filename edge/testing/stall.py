"""Runs a test's coroutines on one loop, and ends those that would wait for ever.

In virtual time waiting costs nothing, so a test that takes long is stuck: on real work that never ends, or on
something that nobody will ever do. It fails with a sentence that says which, and where it stands.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from types import FrameType
from typing import Any, TypeVar

from edge.kernel import tasks
from edge.kernel.clock import Clock, VirtualClock
from edge.kernel.loop import VirtualLoop
from edge.kernel.tasks import spawn

_T = TypeVar("_T")


class Stalled(Exception):
    """A test got nowhere: the message says what holds it and where it waits."""


class Stage:
    """The loop of one test, kept between the test's coroutines."""

    def __init__(
        self, clock: Clock, *, order: Any = None, patience_s: float = 5.0, limit_s: float = 60.0
    ) -> None:
        """`order` draws which ready callback runs next (None: the first). `patience_s` of real time may pass
        without anything happening, `limit_s` in all."""
        self._clock = clock
        self._order = order
        self._patience_s = patience_s
        self._limit_s = limit_s
        self._runner = asyncio.Runner(loop_factory=self._new_loop)

    def _new_loop(self) -> asyncio.AbstractEventLoop:
        loop: asyncio.AbstractEventLoop = (
            VirtualLoop(self._clock, self._order)
            if isinstance(self._clock, VirtualClock)
            else asyncio.new_event_loop()
        )
        tasks.install(loop)
        return loop

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run `work` to its end. Raises Stalled when it has none."""
        __tracebackhide__ = True
        return self._runner.run(self._watched(work))

    async def _watched(self, work: Coroutine[Any, Any, _T]) -> _T:
        __tracebackhide__ = True
        loop = asyncio.get_running_loop()
        if not isinstance(loop, VirtualLoop):
            return await work
        task = spawn(work, name="test")
        stalls: list[str] = []

        def stalled(why: str) -> None:
            stalls.append(f"the test waits {_where(work)}: {why}")
            task.cancel()

        loop.watch(stalled, patience_s=self._patience_s, limit_s=self._limit_s)
        try:
            return await task
        except asyncio.CancelledError:
            if not stalls:
                raise
        finally:
            loop.watch(None)
        raise Stalled(stalls[0])

    def close(self) -> None:
        """End what still runs and close the loop."""
        self._runner.close()


def _where(work: Coroutine[Any, Any, Any]) -> str:
    """The innermost line of the test itself: its file is the one where its coroutine begins."""
    frames: list[FrameType] = []
    waits: Any = work
    while waits is not None:
        frame = getattr(waits, "cr_frame", None) or getattr(waits, "gi_frame", None)
        if frame is not None and frame.f_globals.get("__package__") != __package__:
            frames.append(frame)
        waits = getattr(waits, "cr_await", None) or getattr(waits, "gi_yieldfrom", None)
    if not frames:
        return "at an unknown line"
    own = [frame for frame in frames if frame.f_code.co_filename == frames[0].f_code.co_filename]
    return f"in {own[-1].f_code.co_name}, {own[-1].f_code.co_filename}:{own[-1].f_lineno}"
