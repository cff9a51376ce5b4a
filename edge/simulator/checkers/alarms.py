"""An alarm rings at least once, at its time or later."""

from __future__ import annotations

from typing import Any

from edge.durable.actor import Actor
from edge.durable.alarm_event import AlarmEvent
from edge.durable.alarms import AlarmScheduler
from edge.durable.ids import DurableObjectId
from edge.kernel.clock import Clock
from edge.simulator.checker import Broken, Checker
from edge.simulator.seams import Seams

_LATE_S = 120.0  # an object may be busy or broken when its alarm is due; it is tried again within this
_NS_PER_S = 1_000_000_000
_INSTANT_S = 1e-3

_Key = tuple[str, str]


class Alarms(Checker):
    """Remembers each alarm that was durably set until its handler is called."""

    name = "alarms"
    promise = "an alarm that was set and not deleted rings, not early and at most 2 minutes late"

    def __init__(self, clock: Clock, broken: Broken) -> None:
        super().__init__(clock, broken)
        self._due_s: dict[_Key, float] = {}
        #: An object that handles an alarm cannot be told of the next one: since when each is free.
        self._free_s: dict[_Key, float] = {}
        self._handling: set[_Key] = set()

    def listen(self, seams: Seams) -> None:
        seams.around(AlarmScheduler, "changed", self._on_changed)
        seams.around(AlarmEvent, "perform", self._on_ring)

    def _on_changed(self, original: Any) -> Any:
        def changed(scheduler: AlarmScheduler, object_id: DurableObjectId, when_ns: int | None) -> None:
            key = (scheduler._host.class_name, str(object_id))
            if (before_s := self._due_s.pop(key, None)) is not None:
                self._late(key, before_s)
            if when_ns is not None:
                self._due_s[key] = when_ns / _NS_PER_S
            original(scheduler, object_id, when_ns)

        return changed

    def _on_ring(self, original: Any) -> Any:
        def perform(event: AlarmEvent, actor: Actor) -> Any:
            self.checked += 1
            key = (actor.slot.host.class_name, str(actor.slot.id))
            due_s = self._due_s.get(key)
            if due_s is not None and (event._early or self.clock.now() >= due_s - _INSTANT_S):
                del self._due_s[key]
                self._late(key, due_s)
            return self._watched(original(event, actor), key)

        return perform

    async def _watched(self, handling: Any, key: _Key) -> Any:
        self._handling.add(key)
        try:
            return await handling
        finally:
            self._handling.discard(key)
            self._free_s[key] = self.clock.now()

    def finish(self) -> None:
        for key, due_s in self._due_s.items():
            self._late(key, due_s)

    def _late(self, key: _Key, due_s: float) -> None:
        if key in self._handling:
            return
        late_s = self.clock.now() - max(due_s, self._free_s.get(key, 0.0))
        if late_s > _LATE_S:
            self.broke(f"the alarm of {key[0]} {key[1]} is {late_s:.0f} s late")
