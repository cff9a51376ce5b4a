"""Cron triggers that ring by the world's clock.

Only in virtual time: `wrangler dev` rings none by itself, and neither does `edge dev`, which has a control
route for that.

Source: spec runtime.md section 10.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Iterable
from typing import Protocol

from edge.config import WorkerConfig
from edge.errors import ConfigError
from edge.kernel.clock import Clock, Timer
from edge.kernel.tasks import log_failure, spawn
from edge.worker.logic.cron import Cron
from edge.worker.service import ScheduledResult

_log = logging.getLogger("edge.worker")


class Scheduled(Protocol):
    """Runs a cron handler."""

    def __call__(
        self, cron: str, time_ms: float, *, worker: str | None = None
    ) -> Awaitable[ScheduledResult]: ...


class CronTriggers:
    """The triggers of all Workers of a world."""

    def __init__(self, clock: Clock, run: Scheduled) -> None:
        self._clock = clock
        self._run = run
        self._timers: dict[tuple[str, str], Timer] = {}

    def arm(self, workers: Iterable[WorkerConfig]) -> None:
        """Ring these Workers' triggers, and no others, from now on. Raises ConfigError."""
        triggers = {(worker.name, text): _parsed(worker, text) for worker in workers for text in worker.crons}
        self.close()
        for (worker, text), cron in triggers.items():
            self._arm(worker, text, cron)

    def close(self) -> None:
        """Ring no more."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _arm(self, worker: str, text: str, cron: Cron) -> None:
        when_s = cron.next_after(self._clock.now())
        if when_s is None:
            return

        def ring() -> None:
            self._arm(worker, text, cron)
            work = self._ring(worker, text, when_s)
            spawn(work, name=f"scheduled {text!r} of {worker}").add_done_callback(log_failure)

        self._timers[worker, text] = self._clock.call_at(when_s, ring)

    async def _ring(self, worker: str, text: str, when_s: float) -> None:
        result = await self._run(text, round(when_s * 1000), worker=worker)
        if result.error is not None:
            _log.error("scheduled %r of %s raised", text, worker, exc_info=result.error)


def _parsed(worker: WorkerConfig, text: str) -> Cron:
    try:
        return Cron.parse(text)
    except ValueError as wrong:
        raise ConfigError(f'the Worker "{worker.name}" has a wrong trigger: {wrong}') from None
