"""The virtual-time event loop: when nothing is ready it jumps to the next timer instead of waiting.

An asyncio loop asks its selector to wait for at most so long. This one answers at once and moves the
clock by that much, unless real work holds the clock (`Clock.hold()`): then it waits like any loop.
"""

from __future__ import annotations

import asyncio
import math
import selectors
from collections.abc import Mapping
from typing import Any

from edge.kernel.clock import VirtualClock

_SLICE_S = 0.05  # how long a held loop sleeps before it looks at the holds again


class _JumpingSelector(selectors.BaseSelector):
    def __init__(self, clock: VirtualClock) -> None:
        self._real = selectors.DefaultSelector()
        self._clock = clock
        self.idle_waiters: list[asyncio.Future[None]] = []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.modify(fileobj, events, data)

    def close(self) -> None:
        self._real.close()

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0:
            return self._real.select(0)
        ready = self._real.select(0)
        if ready:
            return ready
        if self._clock.holds:
            # Real work is under way: virtual time stands still until it reports back.
            return self._real.select(_SLICE_S)
        if self.idle_waiters:
            waiters, self.idle_waiters = self.idle_waiters, []
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_result(None)
            return ready
        if timeout is None:
            return self._real.select(_SLICE_S)  # nothing scheduled: only the outside can wake us
        self._clock.elapsed_s += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An asyncio loop whose time is a `VirtualClock`."""

    def __init__(self, clock: VirtualClock) -> None:
        self._virtual_clock = clock
        self._jumping = _JumpingSelector(clock)
        super().__init__(self._jumping)

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
