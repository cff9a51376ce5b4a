"""The alarms of one namespace: a table of when to ring whom, and the ringing.

Each object keeps its own alarm; this table is what survives a restart without opening every database. An
alarm is written here before the object's commit that sets it, and taken out after the one that deletes
it: a crash between the two leaves at worst a ring for an alarm that is not there, which the object ignores.

Source: spec durable-objects.md section 9, wrangler.md section 5.3.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import apsw

from edge.durable.alarm_event import AlarmEvent, GiveUpAlarm, Rang
from edge.durable.ids import DurableObjectId
from edge.durable.logic.alarm import Attempt, Keep, Outcome, Retry, after_run
from edge.kernel.clock import Timer
from edge.kernel.tasks import spawn_outside

if TYPE_CHECKING:
    from edge.durable.host import DurableHost

_log = logging.getLogger("edge.durable")
_NS_PER_S = 1_000_000_000
_TABLE = (
    "CREATE TABLE IF NOT EXISTS _cf_ALARM "
    "(actor_id TEXT PRIMARY KEY, scheduled_time INTEGER, actor_name TEXT) WITHOUT ROWID"
)


class AlarmScheduler:
    """Rings the alarms of a namespace."""

    __slots__ = ("_attempts", "_connection", "_host", "_path", "_ringing", "_timers")

    def __init__(self, host: DurableHost, path: Path | None) -> None:
        """`path` is the table's file, None to keep it in memory."""
        self._host = host
        self._path = path
        self._connection: apsw.Connection | None = None
        self._timers: dict[str, Timer] = {}
        self._attempts: dict[str, Attempt] = {}
        self._ringing: set[str] = set()

    def start(self) -> None:
        """Arm what was set before the last stop; what is past due rings at once."""
        if self._path is None or not self._path.exists():
            return
        query = "SELECT actor_id, scheduled_time, actor_name FROM _cf_ALARM"
        rows: list[Any] = self._table().execute(query).fetchall()
        for hex_id, when_ns, name in rows:
            self._arm(DurableObjectId(hex_id, name), when_ns / _NS_PER_S)

    def record(self, object_id: DurableObjectId, when_ns: int) -> None:
        """An object is about to commit an alarm."""
        row = (str(object_id), when_ns, object_id.name)
        self._table().execute("REPLACE INTO _cf_ALARM VALUES (?, ?, ?)", row)

    def changed(self, object_id: DurableObjectId, when_ns: int | None) -> None:
        """An object's alarm is durably set to `when_ns`, or deleted."""
        hex_id = str(object_id)
        self._disarm(hex_id)
        self._attempts.pop(hex_id, None)
        if when_ns is None:
            self._table().execute("DELETE FROM _cf_ALARM WHERE actor_id = ?", (hex_id,))
        else:
            self._arm(object_id, when_ns / _NS_PER_S)

    async def ring_now(self, object_id: DurableObjectId) -> bool:
        """Run an object's alarm handler whatever the time; False when no alarm is set."""
        self._disarm(str(object_id))
        return await self._ring(object_id, early=True)

    def scheduled(self) -> list[str]:
        """Ids of the objects whose alarm is armed."""
        return list(self._timers)

    def close(self) -> None:
        for hex_id in list(self._timers):
            self._disarm(hex_id)
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _table(self) -> apsw.Connection:
        if self._connection is None:
            if self._path is not None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = apsw.Connection(":memory:" if self._path is None else str(self._path))
            self._connection.set_busy_timeout(5000)
            self._connection.pragma("journal_mode", "wal")
            self._connection.pragma("synchronous", self._host.synchronous)
            self._connection.execute(_TABLE)
        return self._connection

    def _arm(self, object_id: DurableObjectId, when_s: float) -> None:
        self._timers[str(object_id)] = self._host.clock.call_at(when_s, lambda: self._due(object_id))

    def _disarm(self, hex_id: str) -> None:
        timer = self._timers.pop(hex_id, None)
        if timer is not None:
            timer.cancel()

    def _due(self, object_id: DurableObjectId) -> None:
        self._timers.pop(str(object_id), None)
        spawn_outside(self._ring(object_id), name=f"alarm of {object_id}")

    async def _ring(self, object_id: DurableObjectId, *, early: bool = False) -> bool:
        hex_id = str(object_id)
        if hex_id in self._ringing:
            return False  # the handler still runs; what it leaves is looked at when it ends
        attempt = self._attempts.pop(hex_id, Attempt())
        self._ringing.add(hex_id)
        try:
            rang = await self._host.slot(object_id).ring(AlarmEvent(attempt, early=early))
        finally:
            self._ringing.discard(hex_id)
        await self._afterwards(object_id, attempt, rang)
        return rang.outcome is not None

    async def _afterwards(self, object_id: DurableObjectId, attempt: Attempt, rang: Rang) -> None:
        slot = self._host.slot(object_id)
        if rang.outcome is None:
            self._follow(object_id, slot.database.alarm_ns())
            return
        chance = self._host.chance("alarms")
        following = after_run(attempt, rang.outcome, new_alarm=rang.renewed, chance=chance)
        if isinstance(following, Retry):
            hex_id = str(object_id)
            if hex_id not in self._timers:
                self._attempts[hex_id] = following.attempt
                self._arm(object_id, self._host.clock.now() + following.delay_s)
        elif following is Keep.DELETE and rang.outcome is not Outcome.OK:
            _log.error("alarm of %s given up after %d retries", object_id, attempt.counted)
            await slot.current().deliver(GiveUpAlarm())
        elif following is Keep.NEW_ONE:
            self._follow(object_id, slot.database.alarm_ns())

    def _follow(self, object_id: DurableObjectId, stored_ns: int | None) -> None:
        """The object's own word outranks the table."""
        if stored_ns is None:
            self.changed(object_id, None)
        elif str(object_id) not in self._timers:
            self._arm(object_id, stored_ns / _NS_PER_S)
