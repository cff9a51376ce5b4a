"""Whose commits the invariant `atomic-groups` is about."""

from __future__ import annotations

from edge.durable.database import Database
from edge.kernel.clock import VirtualClock
from edge.kernel.tasks import resume_guard
from edge.simulator.checkers.atomic_groups import AtomicGroups
from edge.sql.database import SqlDatabase


def test_what_an_object_puts_into_a_bucket_is_committed_there() -> None:
    broken: list[str] = []
    checker = AtomicGroups(VirtualClock(), lambda invariant, what: broken.append(invariant))
    commit = checker._on_commit(lambda database: None)
    token = resume_guard.set(object())  # type: ignore[arg-type]
    try:
        commit(object.__new__(SqlDatabase))
        assert broken == []
        commit(object.__new__(Database))
    finally:
        resume_guard.reset(token)
    assert broken == ["atomic-groups"]
