"""What suspended code of an object asks before it goes on (`edge.kernel.tasks.Guard`)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

from edge.durable.logic.gate import InputGate, Section
from edge.durable.waiting import Waiters
from edge.js.errors import JsException

if TYPE_CHECKING:
    from edge.durable.trouble import Trouble


class Gated(Protocol):
    """The part of an object that its guards look at."""

    input: InputGate
    reopened: Waiters
    loose_tasks: set[asyncio.Task[Any]]


class Fragile(Gated, Protocol):
    """An object that may be hit by faults."""

    trouble: Trouble | None

    def break_(self, reason: JsException) -> None: ...


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


class FragileGuard(SectionGuard):
    """A guard under which code may find, each time it would go on, that its object has crashed."""

    __slots__ = ("_fragile",)

    def __init__(self, fragile: Fragile, section: Section) -> None:
        super().__init__(fragile, section)
        self._fragile = fragile

    def blocked(self) -> asyncio.Future[None] | None:
        trouble = self._fragile.trouble
        if trouble is not None and self._fragile.input.broken is None:
            reason = trouble.crashed()
            if reason is not None:
                self._fragile.break_(reason)
        return super().blocked()
