"""The virtual-time event loop: when nothing is ready it jumps to the next timer instead of waiting.

Real work in flight holds the clock, so that time never jumps over it: what `Clock.hold()` covers, threads
of `run_in_executor`, open connections, pipes and processes (`edge.kernel.selector`).
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from random import Random
from typing import Any, TypeVar, TypeVarTuple, Unpack

from edge.kernel.clock import VirtualClock
from edge.kernel.schedule import SeededReady
from edge.kernel.selector import JumpingSelector, OnStall

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")


class VirtualLoop(asyncio.SelectorEventLoop):
    """An asyncio loop whose time is a `VirtualClock`."""

    def __init__(self, clock: VirtualClock, order: Random | None = None) -> None:
        """`order` draws which ready callback runs next (`edge.kernel.schedule`); None: the first."""
        self._virtual_clock = clock
        self._jumping = JumpingSelector(clock)
        super().__init__(self._jumping)
        if order is not None:
            self._ready = SeededReady(order)
        self._jumping.disregard_own()

    def time(self) -> float:
        return self._virtual_clock.elapsed_s

    @property
    def _clock_resolution(self) -> float:
        # asyncio runs timers due before time() + resolution. After years of virtual time its fixed
        # nanosecond would vanish in rounding and a due timer would never run; one unit in the last
        # place runs it exactly when time() has reached it.
        return math.ulp(self._virtual_clock.elapsed_s)

    @_clock_resolution.setter
    def _clock_resolution(self, _system_resolution: float) -> None:
        """The base class sets the system clock's, which means nothing here."""

    async def settled(self) -> None:
        """Wait until no callback is ready and no real work is held, without time passing."""
        waiter: asyncio.Future[None] = self.create_future()
        self._jumping.idle_waiters.append(waiter)
        await waiter

    def watch(self, on_stall: OnStall | None, *, patience_s: float = 5.0, limit_s: float = 60.0) -> None:
        """Call `on_stall` with the reason, in words, when nothing happens for `patience_s` of real time, or
        things go on happening for `limit_s`. None stops watching."""
        self._jumping.watch(on_stall, patience_s, limit_s)

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[_Ts]], _T], *args: *_Ts
    ) -> asyncio.Future[_T]:
        hold = self._virtual_clock.hold(f"{getattr(func, '__qualname__', func)!s} in a thread")
        hold.__enter__()
        try:
            future = super().run_in_executor(executor, func, *args)
        except BaseException:
            hold.__exit__(None, None, None)
            raise
        future.add_done_callback(lambda _: hold.__exit__(None, None, None))
        return future

    async def subprocess_exec(self, *args: Any, **options: Any) -> Any:
        return await self._holding_while_it_runs(super().subprocess_exec(*args, **options))

    async def subprocess_shell(self, *args: Any, **options: Any) -> Any:
        return await self._holding_while_it_runs(super().subprocess_shell(*args, **options))

    async def _holding_while_it_runs(self, start: Coroutine[Any, Any, Any]) -> Any:
        with self._virtual_clock.hold("a process that is starting"):
            transport, protocol = await start
        self._jumping.processes.append(transport)
        return transport, protocol
