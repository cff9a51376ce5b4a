"""The delivery of an alarm to its object.

Source: spec durable-objects.md section 9; recordings `alarm_retries`, `alarm_sets_alarm`, scheduled.json.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edge.durable.events import Event
from edge.durable.logic.alarm import HANDLER_LIMIT_S, HANDLER_TIMEOUT, NO_HANDLER, Attempt, Outcome
from edge.js.objects import JsObject

if TYPE_CHECKING:
    from edge.durable.actor import Actor
    from edge.kernel.clock import Clock

_log = logging.getLogger("edge.durable")
_NS_PER_MS = 1_000_000
#: How long a handler may go on when its object is to end.
_RETIRED_AFTER_S = 1.0


@dataclass(frozen=True, slots=True)
class Rang:
    """What came of an alarm's delivery; `outcome` is None when there was nothing to ring for."""

    outcome: Outcome | None
    renewed: bool = False


class AlarmEvent(Event):
    """Runs the alarm handler; `done` gives a `Rang`, also when the handler failed."""

    __slots__ = ("_early", "_late", "_retired", "attempt")

    comes_from_outside = True

    def __init__(self, attempt: Attempt, *, early: bool = False) -> None:
        """`early` rings before the time, when a test asks for it."""
        super().__init__("alarm", ())
        self.attempt = attempt
        self._early = early
        self._late = False
        self._retired = False

    def perform(self, actor: Actor) -> Coroutine[Any, Any, Any]:
        return self._ring(actor)

    async def _ring(self, actor: Actor) -> Rang:
        instance = actor.instance
        if instance is None:
            instance = await actor.construct()
        alarm = actor.alarm
        stored_ns = alarm.stored_ns()
        clock = actor.slot.host.clock
        if stored_ns is None or (stored_ns > clock.now_ms() * _NS_PER_MS and not self._early):
            return Rang(None)
        if not actor.dialect.has_handler(instance, "alarm"):
            _log.warning(NO_HANDLER)
            return self._done(actor, Outcome.OK)
        alarm.take()
        timer = clock.call_at(clock.now() + HANDLER_LIMIT_S, self._too_late)
        try:
            await actor.dialect.call(instance, "alarm", [self._info(stored_ns)])
        except Exception:
            _log.exception("alarm of %s raised", actor.invocation.label)
            return self._failed(actor)
        except asyncio.CancelledError:
            if self._retired:
                return self._failed(actor, Outcome.INFRASTRUCTURE)
            if not self._late:
                raise
            _log.error("%s: %s", actor.invocation.label, HANDLER_TIMEOUT)
            return self._failed(actor)
        finally:
            timer.cancel()
        return self._done(actor, Outcome.OK)

    def _too_late(self) -> None:
        self._late = True
        self.cut_off()

    def retire(self, clock: Clock) -> None:
        # A handler may wait for minutes, as that of a running container does, and whoever stops the world or
        # changes the code need not: an alarm that was cut off rings again.
        clock.call_at(clock.now() + _RETIRED_AFTER_S, self._cut_off_retired)

    def _cut_off_retired(self) -> None:
        self._retired = True
        self.cut_off()

    def _info(self, stored_ns: int) -> JsObject:
        retry_count, is_retry = self.attempt.info
        return JsObject(
            {"retryCount": retry_count, "isRetry": is_retry, "scheduledTime": stored_ns // _NS_PER_MS}
        )

    def _done(self, actor: Actor, outcome: Outcome) -> Rang:
        alarm = actor.alarm
        renewed = alarm.renewed
        if renewed:
            alarm.put_back()
        else:
            alarm.finish()
            actor.commits.wrote(unconfirmed=False)
        return Rang(outcome, renewed)

    def _failed(self, actor: Actor, outcome: Outcome = Outcome.FAILED) -> Rang:
        renewed = actor.alarm.renewed
        actor.alarm.put_back()
        return Rang(outcome, renewed)


class GiveUpAlarm(Event):
    """Deletes the alarm, which was retried often enough."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("alarm", ())

    def perform(self, actor: Actor) -> Coroutine[Any, Any, Any]:
        return self._delete(actor)

    async def _delete(self, actor: Actor) -> None:
        if actor.alarm.delete():
            actor.commits.wrote(unconfirmed=False)
