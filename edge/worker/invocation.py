"""One event being handled: what it started and must see through.

An invocation lasts longer than its answer: what was given to `waitUntil` may run for 30 seconds after
the response has been sent (spec runtime.md section 2). The current one is found through a context
variable; user code never sees it.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import logging
from collections.abc import Awaitable
from typing import Any

from edge.js.errors import error
from edge.js.promise import JsPromise
from edge.kernel.clock import Clock
from edge.kernel.spans import span
from edge.kernel.tasks import spawn

_log = logging.getLogger("edge.worker")

WAIT_UNTIL_LIMIT_S = 30.0
DEPTH_MAX = 32
EVENT_WALL_LIMIT_S = 15 * 60.0  # scheduled, queue and alarm handlers

_TOO_DEEP = (
    "Subrequest depth limit exceeded. This request recursed through Workers too many times. This can happen "
    "e.g. if you have a Worker or Durable Object that calls other Workers or objects recursively."
)

current: contextvars.ContextVar[Invocation | None] = contextvars.ContextVar("invocation", default=None)


#: How many Workers and Durable Objects are on the way from outside to here.
depth: contextvars.ContextVar[int] = contextvars.ContextVar("depth", default=0)


def depth_of_next() -> int:
    """How deep a Worker or object is that is called from here. Raises Error for one that calls itself for
    ever (the platform's limit is 32 Workers on the way of a request: spec runtime.md section 8)."""
    reached = depth.get()
    if reached >= DEPTH_MAX:
        raise error(_TOO_DEEP)
    return reached + 1


class Invocation:
    """The work of one event, from its delivery to the end of its background tasks."""

    __slots__ = ("_background", "clock", "failed", "label")

    def __init__(self, label: str, clock: Clock) -> None:
        self.label = label
        self.clock = clock
        #: Whether something given to waitUntil raised.
        self.failed = False
        self._background: list[asyncio.Task[None]] = []

    def wait_until(self, work: Any) -> None:
        """Keep the invocation alive until `work` settles; values that cannot be awaited are ignored,
        as a JavaScript promise of a plain value would be."""
        if isinstance(work, JsPromise) and work.succeeded:
            return
        if inspect.isawaitable(work):
            self._background.append(spawn(self._watch(work), name=f"waitUntil of {self.label}"))

    async def _watch(self, work: Awaitable[Any]) -> None:
        try:
            with span("waituntil", of=self.label):
                await work
        except (Exception, SystemExit):
            # One failure neither stops the others nor the response, but it is never silent.
            self.failed = True
            _log.exception("waitUntil of %s raised", self.label)

    @property
    def busy(self) -> bool:
        """Whether background work is still under way."""
        return any(not task.done() for task in self._background)

    async def drain(self, limit_s: float = WAIT_UNTIL_LIMIT_S) -> None:
        """Wait for background work, at most `limit_s` from now; then cancel what is left and say so."""
        timer = self.clock.call_at(self.clock.now() + limit_s, self._cut_off)
        try:
            # Work may hand more work to waitUntil while it runs.
            while pending := [task for task in self._background if not task.done()]:
                await asyncio.gather(*pending, return_exceptions=True)
        finally:
            timer.cancel()
        self._background.clear()

    def _cut_off(self) -> None:
        unfinished = [task for task in self._background if not task.done()]
        for task in unfinished:
            task.cancel()
        _log.warning(
            "waitUntil() tasks did not complete within the allowed time after invocation end and have "
            "been cancelled: %d of %s. See: "
            "https://developers.cloudflare.com/workers/runtime-apis/context/#waituntil",
            len(unfinished),
            self.label,
        )
