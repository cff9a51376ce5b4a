"""Writes without an `await` between them become durable together or not at all."""

from __future__ import annotations

from typing import Any

from edge.durable.database import Database
from edge.kernel.tasks import resume_guard
from edge.simulator.checker import Checker
from edge.simulator.seams import Seams
from edge.sql.database import SqlDatabase


class AtomicGroups(Checker):
    """A commit in the middle of an object's turn would split what stands together."""

    name = "atomic-groups"
    promise = "an object's writes are never committed while its code is in the middle of a turn"

    def listen(self, seams: Seams) -> None:
        seams.around(SqlDatabase, "commit", self._on_commit)

    def _on_commit(self, original: Any) -> Any:
        def commit(database: SqlDatabase) -> None:
            self.checked += 1
            # Commits are made from a context of their own; a guard means that the object's code asked. What
            # it puts into a bucket or a database of D1 is committed there, and stands by itself.
            if isinstance(database, Database) and resume_guard.get() is not None:
                self.broke("a commit split the writes of one turn")
            original(database)

        return commit
