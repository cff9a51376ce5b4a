"""One clock for the whole world: wall time in the live server, virtual time in tests and simulations.

Everything above the kernel asks a `Clock` for the time, for sleep and for timers. The event loop and
the clock always agree: `WallClock` runs on any asyncio loop, `VirtualClock` on a `VirtualLoop`
(`edge.kernel.loop`), whose `time()` it moves.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Protocol

from edge.kernel.duration import parse_duration


class Timer(Protocol):
    """A scheduled callback that can be taken back."""

    def cancel(self) -> None: ...


class Clock(Protocol):
    """The time of a world, in seconds since the Unix epoch."""

    def now(self) -> float:
        """Seconds since the epoch, as the world sees it."""
        ...

    def now_ms(self) -> int:
        """Whole milliseconds since the epoch, what JavaScript's Date.now() gives."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start, never going back: for durations."""
        ...

    async def sleep(self, delay_s: float) -> None:
        """Wait `delay_s` seconds of the world's time."""
        ...

    async def sleep_until(self, when_s: float) -> None:
        """Wait until `now()` is at least `when_s`."""
        ...

    def call_at(self, when_s: float, callback: Callable[[], object]) -> Timer:
        """Run `callback` on the loop once `now()` is at least `when_s` (never before)."""
        ...

    def hold(self, what: str = "real work") -> AbstractContextManager[None]:
        """A context in which virtual time stands still because real work is under way; `what` says which,
        should it never end."""
        ...


class WallClock:
    """Real time."""

    def now(self) -> float:
        return time.time()

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.perf_counter()

    async def sleep(self, delay_s: float) -> None:
        await asyncio.sleep(delay_s)

    async def sleep_until(self, when_s: float) -> None:
        # Timers and the wall clock drift apart (and the wall clock steps), so look again on waking.
        while (remaining_s := when_s - time.time()) > 0:
            await asyncio.sleep(remaining_s)

    def call_at(self, when_s: float, callback: Callable[[], object]) -> Timer:
        return _WallTimer(when_s, callback)

    @contextmanager
    def hold(self, what: str = "real work") -> Iterator[None]:
        yield


class _WallTimer:
    """Fires when the wall clock says so, though the loop counts on another clock."""

    _LONGEST_NAP_S = 3600.0  # a stepped wall clock is noticed within the hour

    def __init__(self, when_s: float, callback: Callable[[], object]) -> None:
        self._when_s = when_s
        self._callback = callback
        self._loop = asyncio.get_running_loop()
        self._handle: asyncio.TimerHandle | None = None
        self._arm()

    def _arm(self) -> None:
        remaining_s = max(0.0, self._when_s - time.time())
        self._handle = self._loop.call_later(min(remaining_s, self._LONGEST_NAP_S), self._fire)

    def _fire(self) -> None:
        if time.time() < self._when_s:
            self._arm()
        else:
            self._callback()

    def cancel(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None


class VirtualClock:
    """Time that only moves when nothing else can happen.

    `start_s` is the epoch time at which the world begins. The `VirtualLoop` advances `elapsed_s`;
    `hold()` stops it while a thread, socket or process is at work, because jumping over real work
    would fire time-outs that never were.
    """

    def __init__(self, start_s: float = 1_767_225_600.0) -> None:  # 2026-01-01T00:00:00Z
        self._start_s = start_s
        self.elapsed_s = 0.0
        #: What is under way for real, in words, in the order it began.
        self.held_by: list[str] = []

    def now(self) -> float:
        return self._start_s + self.elapsed_s

    def now_ms(self) -> int:
        # Rounded first: sums of floats sit a hair below the millisecond they mean.
        return int(round(self.now() * 1000, 3))

    def monotonic(self) -> float:
        return self.elapsed_s

    async def sleep(self, delay_s: float) -> None:
        await asyncio.sleep(delay_s)

    async def sleep_until(self, when_s: float) -> None:
        await asyncio.sleep(max(0.0, when_s - self.now()))

    def call_at(self, when_s: float, callback: Callable[[], object]) -> Timer:
        # In loop time, not as a delay: two timers for one instant must stay in one order.
        return asyncio.get_running_loop().call_at(max(when_s - self._start_s, self.elapsed_s), callback)

    @property
    def holds(self) -> int:
        """How many pieces of real work are under way."""
        return len(self.held_by)

    @contextmanager
    def hold(self, what: str = "real work") -> Iterator[None]:
        self.held_by.append(what)
        try:
            yield
        finally:
            self.held_by.remove(what)

    async def advance(self, duration: str | float | timedelta) -> None:
        """Let time pass ("1h", "250ms", seconds): everything that falls due on the way runs, and at the end
        everything that can still happen without more time passing. ValueError for what is no duration."""
        await asyncio.sleep(parse_duration(duration))
        await self.run_until_idle()

    async def run_until_idle(self) -> None:
        """Let everything that can run without time passing run to its end."""
        loop = asyncio.get_running_loop()
        from edge.kernel.loop import VirtualLoop

        assert isinstance(loop, VirtualLoop), "run_until_idle needs the virtual loop"
        await loop.settled()
