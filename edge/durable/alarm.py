"""The alarm of one object, as its storage keeps it.

The time is part of the object's transactional state. While the handler runs the alarm is *taken*: it
stays stored, so that a crash makes it ring again, but shows as absent until the handler sets a new one.

Source: spec durable-objects.md section 9 (deferred delete).
"""

from __future__ import annotations

from collections.abc import Callable

from edge.durable.database import Database
from edge.durable.logic.alarm import NEEDS_HANDLER, NOT_POSITIVE, scheduled_ms
from edge.js.errors import type_error
from edge.kernel.clock import Clock

_NS_PER_MS = 1_000_000


class Alarm:
    """Reads and writes the alarm inside the object's transactions."""

    __slots__ = ("_clock", "_database", "_has_handler", "changed", "renewed", "taken_ns")

    def __init__(self, database: Database, clock: Clock, has_handler: Callable[[], bool]) -> None:
        self._database = database
        self._clock = clock
        self._has_handler = has_handler
        self.taken_ns: int | None = None
        #: The running handler has set an alarm.
        self.renewed = False
        #: Something was written since the scheduler was last told.
        self.changed = False

    def stored_ns(self) -> int | None:
        return self._database.alarm_ns()

    def get_ms(self) -> int | None:
        if self.taken_ns is not None and not self.renewed:
            return None
        stored = self.stored_ns()
        return None if stored is None else stored // _NS_PER_MS

    def set_ms(self, when_ms: float) -> None:
        """Raises the platform's TypeErrors."""
        if when_ms <= 0:
            raise type_error(NOT_POSITIVE)
        if not self._has_handler():
            raise type_error(NEEDS_HANDLER)
        self._store(scheduled_ms(when_ms, self._clock.now_ms()) * _NS_PER_MS)
        self.renewed = self.taken_ns is not None

    def delete(self) -> bool:
        """Whether anything was written. The alarm whose handler is running stays as it is."""
        if self.taken_ns is not None:
            if not self.renewed:
                return False
            self._store(self.taken_ns)
            self.renewed = False
            return True
        if self.stored_ns() is None:
            return False
        self._store(None)
        return True

    def take(self) -> int | None:
        """The handler is about to run: gives the time it was set for, None when there is no alarm."""
        self.taken_ns = self.stored_ns()
        self.renewed = False
        return self.taken_ns

    def put_back(self) -> None:
        """The handler ended and the alarm is to ring again, or a new one is set."""
        self.taken_ns = None
        self.renewed = False

    def finish(self) -> None:
        """The handler ended and the alarm is done with."""
        self.put_back()
        if self.stored_ns() is not None:
            self._store(None)

    def _store(self, when_ns: int | None) -> None:
        self._database.set_alarm_ns(when_ns)
        self.changed = True
