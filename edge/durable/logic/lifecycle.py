"""When an object that nobody talks to is put away.

    active ──no work──▶ idle ──10 s──▶ hibernated (its sockets wait; the next frame wakes it)
                          │       └──▶ evicted    (no sockets to wait for)
                          └──70–140 s──▶ evicted  (something stands against hibernation)

Work in flight keeps an object active for as long as it lasts: an event being handled, `waitUntil`, an
open WebSocket that was accepted the ordinary way. Loose ends do not: a timer, or a fetch nobody waits
for. They only stand against hibernation, and are cut off by eviction, as on the platform.

In-memory state is lost either way; storage, alarm, hibernating sockets with their tags and attachments,
and the automatic response stay.

Sources: spec durable-objects.md section 4; Cloudflare "Lifecycle of a Durable Object".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

HIBERNATE_AFTER_S = 10.0
EVICT_MIN_S = 70.0
EVICT_MAX_S = 140.0


class State(Enum):
    """Where an object is in its life."""

    ACTIVE = "active"
    IDLE = "idle"
    HIBERNATED = "hibernated"
    EVICTED = "evicted"


@dataclass(frozen=True, slots=True)
class Activity:
    """What an object is busy with, as counts."""

    events: int = 0
    background: int = 0  # waitUntil
    plain_sockets: int = 0  # accepted the ordinary way
    loose_tasks: int = 0  # timers and calls that nobody waits for
    hibernatable_sockets: int = 0

    def __post_init__(self) -> None:
        counts = (
            self.events,
            self.background,
            self.plain_sockets,
            self.loose_tasks,
            self.hibernatable_sockets,
        )
        assert min(counts) >= 0, self

    @property
    def at_work(self) -> bool:
        return bool(self.events or self.background or self.plain_sockets)


def blockers(activity: Activity) -> list[str]:
    """What keeps the object from hibernating, in words; empty when nothing does."""
    reasons = [
        (activity.events, "a request is still running", "requests are still running"),
        (activity.background, "a waitUntil() is pending", "waitUntil() calls are pending"),
        (
            activity.plain_sockets,
            "a WebSocket was accepted without ctx.acceptWebSocket()",
            "WebSockets were accepted without ctx.acceptWebSocket()",
        ),
        (
            activity.loose_tasks,
            "a timer or an outgoing call is pending",
            "timers or outgoing calls are pending",
        ),
    ]
    return [one if count == 1 else f"{count} {many}" for count, one, many in reasons if count]


def rest_s(activity: Activity, chance: float) -> float | None:
    """How long the object, idle from now on, stays in memory; None while it is at work. `chance` is
    uniform in [0, 1)."""
    assert 0.0 <= chance < 1.0, chance
    if activity.at_work:
        return None
    if not blockers(activity):
        return HIBERNATE_AFTER_S
    stay_s = EVICT_MIN_S + (EVICT_MAX_S - EVICT_MIN_S) * chance
    assert stay_s > HIBERNATE_AFTER_S
    return stay_s


def put_away(activity: Activity) -> State:
    """What an object becomes when its rest is over."""
    assert not activity.at_work, "work in flight keeps an object in memory"
    return State.HIBERNATED if activity.hibernatable_sockets else State.EVICTED
