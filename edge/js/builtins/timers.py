"""setTimeout, setInterval, queueMicrotask and scheduler.wait on the world's clock.

A callback runs in the context it was scheduled in, as a task, so that the guard of a Durable Object
(`edge.kernel.tasks.resume_guard`) holds it back while the input gate is shut.

Source: HTML timers, workerd `io/io-timers.h`.
"""

from __future__ import annotations

import asyncio
import contextvars
import itertools
from collections.abc import Callable
from typing import Any

from edge.js.builtins.objects import members
from edge.js.errors import type_error
from edge.js.objects import JsObject
from edge.js.promise import JsPromise, settle
from edge.js.webidl import to_number
from edge.kernel.clock import Clock, Timer
from edge.kernel.tasks import log_failure, resume_guard, spawn

_LONGEST_MS = 3_000_000_000  # workerd clamps delays to these


def _delay_s(delay_ms: Any) -> float:
    milliseconds = to_number(delay_ms)
    return min(milliseconds, _LONGEST_MS) / 1000 if milliseconds > 0 else 0.0


async def _run(callback: Callable[..., Any], args: tuple[Any, ...]) -> None:
    # Pyodide schedules the coroutine that an async function gives.
    await settle(callback(*args))


def run_in_task(callback: Callable[..., Any], args: tuple[Any, ...], context: contextvars.Context) -> None:
    """Run a JavaScript callback by itself; a failure is logged, nobody else would see it."""
    spawn(_run(callback, args), name="callback", context=context).add_done_callback(log_failure)


class _TaskTimer:
    """A timer that is a task."""

    __slots__ = ("_task",)

    def __init__(self, task: asyncio.Task[None]) -> None:
        self._task = task

    def cancel(self) -> None:
        self._task.cancel()


class Timers:
    """The timers of one Worker; ids count from 1."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ids = itertools.count(1)
        self._pending: dict[int, Timer] = {}

    def set_timeout(self, callback: Any = None, delay_ms: Any = 0, *args: Any) -> int:
        return self._schedule("setTimeout", callback, _delay_s(delay_ms), args, repeat=False)

    def set_interval(self, callback: Any = None, delay_ms: Any = 0, *args: Any) -> int:
        return self._schedule("setInterval", callback, _delay_s(delay_ms), args, repeat=True)

    def clear(self, timer_id: Any = None) -> None:
        timer = self._pending.pop(timer_id, None) if isinstance(timer_id, int) else None
        if timer is not None:
            timer.cancel()

    def cancel_all(self) -> None:
        """The Worker ends: nothing fires any more."""
        for timer_id in list(self._pending):
            self.clear(timer_id)

    def _schedule(
        self, name: str, callback: Any, delay_s: float, args: tuple[Any, ...], *, repeat: bool
    ) -> int:
        if not callable(callback):
            raise type_error(
                f"Failed to execute '{name}' on 'ServiceWorkerGlobalScope': parameter 1 is not of type "
                "'Function'."
            )
        timer_id = next(self._ids)
        context = contextvars.copy_context()

        def fire() -> None:
            del self._pending[timer_id]
            if repeat:
                arm()
            run_in_task(callback, args, context.copy())

        def arm() -> None:
            self._pending[timer_id] = self._start(delay_s, fire)

        arm()
        return timer_id

    def _start(self, delay_s: float, fire: Callable[[], None]) -> Timer:
        when_s = self._clock.now() + delay_s
        if resume_guard.get() is None:
            return self._clock.call_at(when_s, fire)
        # A task, which the Durable Object knows of: its timers stand against hibernation and end with it.
        task = spawn(self._fire_at(when_s, fire), name="timer")
        task.add_done_callback(log_failure)
        return _TaskTimer(task)

    async def _fire_at(self, when_s: float, fire: Callable[[], None]) -> None:
        await self._clock.sleep_until(when_s)
        fire()

    def queue_microtask(self, callback: Any = None) -> None:
        if not callable(callback):
            raise type_error(
                "Failed to execute 'queueMicrotask' on 'ServiceWorkerGlobalScope': parameter 1 is not of "
                "type 'Function'."
            )
        run_in_task(callback, (), contextvars.copy_context())

    def wait(self, delay_ms: Any = 0) -> JsPromise:
        return JsPromise.start(self._clock.sleep(_delay_s(delay_ms)), name="scheduler.wait")


def timer_globals(timers: Timers) -> dict[str, Any]:
    """The functions by their global names."""
    return {
        **members(
            setTimeout=timers.set_timeout,
            setInterval=timers.set_interval,
            clearTimeout=timers.clear,
            clearInterval=timers.clear,
            queueMicrotask=timers.queue_microtask,
        ),
        "scheduler": JsObject(members(wait=timers.wait)),
    }
