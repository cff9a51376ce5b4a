"""No acknowledged write is lost: nothing an object says leaves before its writes are durable."""

from __future__ import annotations

from collections import deque
from typing import Any

from edge.durable.actor import Actor
from edge.durable.commits import Commits
from edge.durable.events import Event
from edge.http.frames import Frame
from edge.http.outbox import Outbox, Wait
from edge.kernel.clock import Clock
from edge.kernel.tasks import output_hold
from edge.simulator.checker import Broken, Checker
from edge.simulator.seams import Seams
from edge.sql.database import SqlDatabase


class AcknowledgedWrites(Checker):
    """Keeps its own account of writes that are not durable yet, whatever the gates believe.

    What an object says depends on what was written until it said it, so each word remembers that number.
    """

    name = "acknowledged-writes"
    promise = "no reply and no message leaves a Durable Object while a write before it could still be lost"

    def __init__(self, clock: Clock, broken: Broken) -> None:
        super().__init__(clock, broken)
        self._written: dict[SqlDatabase, int] = {}
        self._settled: dict[SqlDatabase, int] = {}
        self._said: dict[Event, tuple[Actor, int | None]] = {}
        self._posted: dict[Outbox, deque[tuple[Commits | None, int]]] = {}

    def listen(self, seams: Seams) -> None:
        seams.around(Commits, "wrote", self._on_wrote)
        seams.around(SqlDatabase, "commit", self._on_settled)
        seams.around(SqlDatabase, "rollback", self._on_settled)
        seams.around(Actor, "_start", self._on_start)
        seams.around(Actor, "_perform", self._on_perform)
        seams.around(Event, "succeed", self._on_succeed)
        seams.around(Event, "fail", self._on_fail)
        seams.around(Outbox, "post", self._on_post)
        seams.around(Outbox, "_flush", self._on_flush)

    def _on_wrote(self, original: Any) -> Any:
        def wrote(commits: Commits, *, unconfirmed: bool) -> None:
            if not unconfirmed and commits._database.in_transaction:
                database = commits._database
                self._written[database] = self._written.get(database, 0) + 1
            original(commits, unconfirmed=unconfirmed)

        return wrote

    def _on_settled(self, original: Any) -> Any:
        def settled(database: SqlDatabase) -> None:
            original(database)
            self._settled[database] = self._written.get(database, 0)

        return settled

    def _on_start(self, original: Any) -> Any:
        def start(actor: Actor, event: Event) -> None:
            self._said[event] = actor, None
            original(actor, event)

        return start

    def _on_perform(self, original: Any) -> Any:
        async def performed(actor: Actor, event: Event) -> Any:
            try:
                return await original(actor, event)
            finally:
                if event in self._said:
                    self._said[event] = actor, self._now(actor.commits)

        return performed

    def _on_succeed(self, original: Any) -> Any:
        def succeed(event: Event, result: Any) -> None:
            actor, written = self._said.pop(event, (None, None))
            if actor is not None and written is not None and not event.done.done():
                what = f"the answer of {event.handler} of {actor.invocation.label}"
                self._look(actor.commits, written, what)
            original(event, result)

        return succeed

    def _on_fail(self, original: Any) -> Any:
        def fail(event: Event, reason: BaseException) -> None:
            self._said.pop(event, None)
            original(event, reason)

        return fail

    def _on_post(self, original: Any) -> Any:
        def post(outbox: Outbox, frame: Frame, wait: Wait) -> None:
            commits = getattr(output_hold.get(), "__self__", None)
            said = (commits, self._now(commits)) if isinstance(commits, Commits) else (None, 0)
            self._posted.setdefault(outbox, deque()).append(said)
            original(outbox, frame, wait)

        return post

    def _on_flush(self, original: Any) -> Any:
        def flush(outbox: Outbox) -> None:
            held = len(outbox._held)
            original(outbox)
            posted = self._posted[outbox]
            for _ in range(held - len(outbox._held)):
                commits, written = posted.popleft()
                if commits is not None:
                    self._look(commits, written, "a WebSocket message")
            if not posted:
                del self._posted[outbox]

        return flush

    def _now(self, commits: Commits) -> int:
        """How much was written by now; inside a transaction nothing is held back, so nothing counts."""
        return 0 if commits.explicit_depth else self._written.get(commits._database, 0)

    def _look(self, commits: Commits, written: int, what: str) -> None:
        self.checked += 1
        waiting = written - self._settled.get(commits._database, 0)
        if waiting > 0:
            self.broke(f"{what} left while {waiting} write(s) before it were not durable")
