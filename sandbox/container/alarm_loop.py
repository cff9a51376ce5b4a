"""What the object's alarm does: due tasks, the end of a container, and going to sleep (spec section 3.3).

While a container runs, one alarm follows the other, and each waits inside its handler for whatever comes
next: that keeps the object in memory, and with it the container.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from js import console

from sandbox.container.state import now_ms
from sandbox.container.values import Record, call_back

if TYPE_CHECKING:
    from sandbox.container.core import Core

_RETRIES_MAX = 3
_WAIT_MAX_MS = 3 * 60 * 1000


class AlarmLoop:
    """The alarm of one object."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._owner = core.owner
        self._storage = core.ctx.storage
        self._waiting: asyncio.Event | None = None
        self._telling = False

    async def set(self, delay_ms: float = 1000) -> None:
        """Ring after `delay_ms`; an alarm that waits now ends."""
        self.wake()
        await self._storage.setAlarm(int(now_ms() + delay_ms))
        await self._storage.sync()

    def wake(self) -> None:
        """Something has happened that the waiting alarm has to look at."""
        if self._waiting is not None:
            self._waiting.set()

    async def ring(self, info: Any) -> None:
        owner, core = self._owner, self._core
        if getattr(info, "isRetry", False) and info.retryCount > _RETRIES_MAX:
            if core.schedules.next_ms() is not None or core.running:
                await self.set()
            return
        # Before anything can fail: an object with a container always has a next alarm. Not at once, or a
        # hook that always fails would be called without a pause.
        await self.set()
        await self._run_due()
        if not core.running:
            await self._rest()
        elif core.activity.expired():
            await call_back(owner.on_activity_expired)
            owner.renew_activity_timeout()  # a hook that lets it run is not asked again at once
            await self.set(0)
        else:
            await self._wait()
            await self.set(0)

    async def _run_due(self) -> None:
        for task in self._core.schedules.due():
            await self._run(task)
            self._core.schedules.remove(task["taskId"])

    async def _run(self, task: Record) -> None:
        name = task["callback"]
        function = getattr(self._owner, name, None)
        if not callable(function):
            console.error(f"Callback {name} not found or is not a function")
            return
        try:
            await call_back(function, task["payload"], task)
        except Exception as failure:
            console.error(f'Error executing scheduled callback "{name}":', repr(failure))

    async def _rest(self) -> None:
        """Nothing runs: tell of it, and sleep until the next task."""
        await self.tell_of_end()
        next_ms = self._core.schedules.next_ms()
        if next_ms is None:
            await self._storage.deleteAlarm()
        else:
            await self._storage.setAlarm(next_ms)

    async def _wait(self) -> None:
        times_ms = [now_ms() + _WAIT_MAX_MS, self._core.activity.expires_ms, self._core.schedules.next_ms()]
        until_ms = min(time_ms for time_ms in times_ms if time_ms is not None)
        self._waiting = asyncio.Event()
        try:
            await asyncio.wait_for(self._waiting.wait(), max(0.0, until_ms - now_ms()) / 1000)
        except TimeoutError:
            return
        finally:
            self._waiting = None

    async def tell_of_end(self, *, at_once: bool = False) -> None:
        """Call `on_stop` for a container that has ended, unless that was done or is being done. With
        `at_once` its exit code may not be known yet."""
        core = self._core
        if core.running or self._telling:
            return
        if core.launch.end_is_awaited:
            if not at_once:
                return  # its end is about to be noted, and then this alarm is woken
            core.launch.forget()
        untold = await core.state.unreported_end()
        if untold is None or self._telling:
            return
        state, told = untold
        self._telling = True
        try:
            await call_back(self._owner.on_stop, told)
        finally:
            self._telling = False
        await core.state.reported(state)
