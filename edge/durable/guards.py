"""What suspended code of an object asks before it goes on (`edge.kernel.tasks.Guard`)."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

from edge.durable.logic.gate import InputGate, Section
from edge.durable.waiting import Waiters


class Gated(Protocol):
    """The part of an object that its guards look at."""

    input: InputGate
    reopened: Waiters
    loose_tasks: set[asyncio.Task[Any]]


class SectionGuard:
    """The guard of one critical section, or of the ground."""

    __slots__ = ("_object", "section")

    def __init__(self, gated: Gated, section: Section) -> None:
        self._object = gated
        self.section = section

    def blocked(self) -> asyncio.Future[None] | None:
        gate = self._object.input
        if gate.admits(self.section):
            return None
        if gate.broken is not None:
            # Code of a broken object ends where it stands: it is closed, not told.
            raise asyncio.CancelledError("the Durable Object was reset")
        return self._object.reopened.join()

    def adopt(self, task: asyncio.Task[Any]) -> None:
        """A task that the object's code started by itself."""
        tasks = self._object.loose_tasks
        tasks.add(task)
        task.add_done_callback(tasks.discard)
