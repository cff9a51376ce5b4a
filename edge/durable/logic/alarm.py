"""When an alarm rings, and what happens after it rang: pure decisions.

An object has at most one alarm. Setting it replaces it. When it is due the handler runs; while it runs
the alarm counts as *taken*: `getAlarm()` shows nothing unless the handler has set a new one (the
deletion is deferred, so that a crash in the handler leaves the alarm in place and it rings again).

Afterwards:

    handler ended well, no new alarm    the alarm is deleted
    handler ended well, new alarm set   the new one stays
    handler failed, no new alarm        retried after 2 s, 4 s, 8 s … plus up to a quarter of chance;
                                        after six counted retries it is given up and deleted
    handler failed, new alarm set       the new one rings; the failed one is not retried
    the platform failed (not the code)  retried, not counted, with the same growing delay

Source: spec durable-objects.md section 9 (workerd server/alarm-scheduler, io/worker-interface.h).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

RETRY_START_S = 2.0
RETRY_JITTER = 0.25
RETRIES_COUNTED_MAX = 6
BACKOFF_MAX = 9
HANDLER_LIMIT_S = 15 * 60.0
HANDLER_TIMEOUT = "Alarm exceeded its allowed execution time"
NO_HANDLER = (
    "Attempted to run a scheduled alarm without a handler, did you remember to export an alarm() function?"
)
NEEDS_HANDLER = "Your Durable Object class must have an alarm() handler in order to call setAlarm()"
NOT_POSITIVE = "setAlarm() cannot be called with an alarm time <= 0"


class Outcome(Enum):
    """How a run of the handler ended."""

    OK = "ok"
    FAILED = "failed"  # the handler raised, took too long, or its writes could not be committed
    INFRASTRUCTURE = "infrastructure"  # the platform's fault: not counted
    ABANDONED = "abandoned"  # ctx.abort(reason, {retryAlarm: false}), or no handler


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is remembered between the runs of one alarm."""

    counted: int = 0
    backoff: int = 0

    def __post_init__(self) -> None:
        assert 0 <= self.counted <= RETRIES_COUNTED_MAX, self
        assert 0 <= self.backoff <= BACKOFF_MAX, self

    @property
    def info(self) -> tuple[int, bool]:
        """`retryCount` and `isRetry` as the handler sees them."""
        return self.counted, self.counted > 0


@dataclass(frozen=True, slots=True)
class Retry:
    """Ring again after `delay_s`."""

    delay_s: float
    attempt: Attempt


class Keep(Enum):
    """What else can happen to the alarm after a run."""

    DELETE = "delete"
    NEW_ONE = "the alarm that was set meanwhile"


def retry_delay_s(backoff: int, chance: float) -> float:
    """Delay before the retry number `backoff` (from 0); `chance` is uniform in [0, 1)."""
    assert 0 <= backoff <= BACKOFF_MAX, backoff
    assert 0.0 <= chance < 1.0, chance
    delay_s = RETRY_START_S * (1 << backoff)
    return delay_s + delay_s * RETRY_JITTER * chance


def after_run(attempt: Attempt, outcome: Outcome, *, new_alarm: bool, chance: float) -> Retry | Keep:
    """What becomes of the alarm after a run."""
    if new_alarm:
        return Keep.NEW_ONE
    if outcome in (Outcome.OK, Outcome.ABANDONED):
        return Keep.DELETE
    counts = outcome is Outcome.FAILED
    if counts and attempt.counted >= RETRIES_COUNTED_MAX:
        return Keep.DELETE
    following = Attempt(attempt.counted + counts, min(attempt.backoff + 1, BACKOFF_MAX))
    return Retry(retry_delay_s(attempt.backoff, chance), following)


def scheduled_ms(asked_ms: float, now_ms: int) -> int:
    """When an alarm asked for `asked_ms` is due: whole milliseconds, a past time means now."""
    assert asked_ms > 0, "refused before: see NOT_POSITIVE"
    due_ms = max(int(asked_ms), now_ms)
    assert due_ms >= now_ms, due_ms
    return due_ms
