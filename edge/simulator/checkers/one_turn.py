"""A Durable Object is one thread: one life at a time, one critical section at a time, each event once."""

from __future__ import annotations

from typing import Any

from edge.durable.actor import Actor
from edge.durable.commits import Commits
from edge.durable.database import Database
from edge.durable.events import Event
from edge.durable.guards import SectionGuard
from edge.durable.slot import Slot
from edge.kernel.clock import Clock
from edge.kernel.tasks import resume_guard
from edge.simulator.checker import Broken, Checker
from edge.simulator.seams import Seams


class OneTurn(Checker):
    """Looks at who uses an object's storage, and whether it is their turn."""

    name = "one-turn"
    promise = "of one Durable Object only the code whose turn it is runs, in one life, each event once"

    def __init__(self, clock: Clock, broken: Broken) -> None:
        super().__init__(clock, broken)
        self._lives: dict[Slot, Actor] = {}
        self._started: dict[Event, None] = {}

    def listen(self, seams: Seams) -> None:
        for name in ("get", "put", "delete", "pairs"):
            seams.around(Database, name, self._on_use)
        seams.around(Commits, "wrote", self._on_use)
        seams.around(Actor, "_start", self._on_start)

    def _on_use(self, original: Any) -> Any:
        def use(*args: Any, **options: Any) -> Any:
            guard = resume_guard.get()
            if isinstance(guard, SectionGuard):
                self._look(guard)
            return original(*args, **options)

        return use

    def _look(self, guard: SectionGuard) -> None:
        self.checked += 1
        gate = guard._object.input
        if gate.shut:
            self.broke("an object's code used its storage while a commit was under way")
        elif guard.section.standing() is not gate.top:
            self.broke("an object's code ran while another critical section was open")

    def _on_start(self, original: Any) -> Any:
        def start(actor: Actor, event: Event) -> None:
            before = self._lives.get(actor.slot)
            if before is not None and before is not actor and not _over(before):
                self.broke(f"two lives of {actor.invocation.label} at a time")
            self._lives[actor.slot] = actor
            self._once(actor, event)
            original(actor, event)

        return start

    def _once(self, actor: Actor, event: Event) -> None:
        self.checked += 1
        if event in self._started:
            self.broke(f"{event.handler} of {actor.invocation.label} ran twice for one event")
        self._started[event] = None
        event.done.add_done_callback(lambda _: self._started.pop(event, None))


def _over(actor: Actor) -> bool:
    return actor.ended or actor.broken is not None or actor._retired is not None
