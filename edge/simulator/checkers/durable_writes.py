"""No acknowledged write is lost: nothing an object says leaves before its writes are durable."""

from __future__ import annotations

from typing import Any

from edge.durable.actor import Actor
from edge.durable.commits import Commits
from edge.durable.events import Event
from edge.http.outbox import Outbox
from edge.kernel.clock import Clock
from edge.simulator.checker import Broken, Checker
from edge.simulator.seams import Seams
from edge.sql.database import SqlDatabase


class AcknowledgedWrites(Checker):
    """Keeps its own account of writes that are not durable yet, whatever the gates believe."""

    name = "acknowledged-writes"
    promise = "no reply and no message leaves a Durable Object while a write before it could still be lost"

    def __init__(self, clock: Clock, broken: Broken) -> None:
        super().__init__(clock, broken)
        self._undurable: dict[SqlDatabase, int] = {}
        self._actors: dict[Event, Actor] = {}

    def listen(self, seams: Seams) -> None:
        seams.around(Commits, "wrote", self._on_wrote)
        seams.around(SqlDatabase, "commit", self._on_settled)
        seams.around(SqlDatabase, "rollback", self._on_settled)
        seams.around(Actor, "_start", self._on_start)
        seams.around(Event, "succeed", self._on_succeed)
        seams.around(Event, "fail", self._on_fail)
        seams.around(Outbox, "_flush", self._on_flush)

    def _on_wrote(self, original: Any) -> Any:
        def wrote(commits: Commits, *, unconfirmed: bool) -> None:
            if not unconfirmed and commits._database.in_transaction:
                database = commits._database
                self._undurable[database] = self._undurable.get(database, 0) + 1
            original(commits, unconfirmed=unconfirmed)

        return wrote

    def _on_settled(self, original: Any) -> Any:
        def settled(database: SqlDatabase) -> None:
            original(database)
            self._undurable.pop(database, None)

        return settled

    def _on_start(self, original: Any) -> Any:
        def start(actor: Actor, event: Event) -> None:
            self._actors[event] = actor
            original(actor, event)

        return start

    def _on_succeed(self, original: Any) -> Any:
        def succeed(event: Event, result: Any) -> None:
            actor = self._actors.pop(event, None)
            if actor is not None and not event.done.done():
                self._look(actor.commits, f"the answer of {event.handler} of {actor.invocation.label}")
            original(event, result)

        return succeed

    def _on_fail(self, original: Any) -> Any:
        def fail(event: Event, reason: BaseException) -> None:
            self._actors.pop(event, None)
            original(event, reason)

        return fail

    def _on_flush(self, original: Any) -> Any:
        def flush(outbox: Outbox) -> None:
            before = list(outbox._held)
            original(outbox)
            for _, hold in before[: len(before) - len(outbox._held)]:
                commits = getattr(hold, "__self__", None)
                if isinstance(commits, Commits):
                    self._look(commits, "a WebSocket message")

        return flush

    def _look(self, commits: Commits, what: str) -> None:
        self.checked += 1
        waiting = self._undurable.get(commits._database, 0)
        if waiting and not commits.explicit_depth:
            self.broke(f"{what} left while {waiting} write(s) before it were not durable")
