"""One piece of work after the other, in a thread: what touches a SQLite connection.

Work runs in no caller's context. Were it tied to one, a Durable Object whose gate is shut would keep
everybody else waiting, the code that is to open the gate as well.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

from edge.kernel.clock import Clock, VirtualClock
from edge.kernel.tasks import spawn
from edge.kernel.threads import offload

_T = TypeVar("_T")


class Lane:
    """Runs work in the order in which it was asked for; at once when `inline` or in virtual time."""

    __slots__ = ("_clock", "_inline", "_running", "_waiting")

    def __init__(self, clock: Clock, *, inline: bool = False) -> None:
        self._clock = clock
        self._inline = inline or isinstance(clock, VirtualClock)
        self._waiting: deque[tuple[Callable[[], Any], asyncio.Future[Any]]] = deque()
        self._running: asyncio.Task[None] | None = None

    async def run(self, work: Callable[[], _T]) -> _T:
        """The result of `work`, or what it raises. It is done also when nobody waits for it any more."""
        if self._inline:
            return work()
        done: asyncio.Future[_T] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, done))
        if self._running is None:
            self._running = spawn(self._run_waiting(), name="sql.lane", context=contextvars.Context())
        return await done

    async def drain(self) -> None:
        """Wait until everything that was asked for is done."""
        if self._running is not None:
            await asyncio.gather(self._running, return_exceptions=True)

    async def _run_waiting(self) -> None:
        try:
            while self._waiting:
                work, done = self._waiting.popleft()
                try:
                    result = await offload(self._clock, work)
                except Exception as reason:
                    if not done.cancelled():
                        done.set_exception(reason)
                else:
                    if not done.cancelled():
                        done.set_result(result)
        finally:
            self._running = None
