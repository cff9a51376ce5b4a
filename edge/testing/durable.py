"""A Durable Object class in a test: run alarms, put objects away, look into their storage.

    rooms = world.durable("ROOM")
    await rooms.run_alarm("blue")
    assert rooms.storage("blue").get("visits") == 3

Objects are named as the Worker names them (`idFromName`), or by their id.
"""

from __future__ import annotations

import re
from typing import Any

from edge.durable.database import Database
from edge.durable.host import DurableHost
from edge.durable.ids import DurableObjectId
from edge.durable.logic.key_range import KeyRange
from edge.js.convert import to_py
from edge.js.v8 import deserialize
from edge.kernel.clock import VirtualClock

_HEX_ID = re.compile(r"[0-9a-f]{64}")


class StillNeeded(Exception):
    """An object cannot be put away now; the message says what keeps it."""


class StoredObject:
    """What one object has stored."""

    __slots__ = ("_database",)

    def __init__(self, database: Database | None) -> None:
        self._database = database

    def keys(self, prefix: str = "") -> list[str]:
        """Keys of the key-value storage, in their order."""
        return list(self.items(prefix))

    def items(self, prefix: str = "") -> dict[str, Any]:
        """Keys and values as Python values."""
        if self._database is None:
            return {}
        pairs = self._database.pairs(KeyRange(prefix=prefix))
        return {key: to_py(deserialize(value)) for key, value in pairs}

    def get(self, key: str, default: Any = None) -> Any:
        """One value as a Python value."""
        found = None if self._database is None else self._database.get(key)
        return default if found is None else to_py(deserialize(found))

    def sql(self, query: str, *bindings: Any) -> list[dict[str, Any]]:
        """The rows of a query, each by column. It only reads; raises apsw.Error for SQL that does not run."""
        if self._database is None:
            return []
        connection = self._database.connection
        connection.pragma("query_only", True)
        try:
            cursor = connection.execute(query, bindings)
            # A statement without rows has no columns to describe.
            return [
                dict(zip([column[0] for column in cursor.get_description()], row, strict=True))
                for row in cursor
            ]
        finally:
            connection.pragma("query_only", False)

    @property
    def alarm(self) -> float | None:
        """When the object's alarm rings, in seconds since the epoch."""
        when_ns = None if self._database is None else self._database.alarm_ns()
        return None if when_ns is None else when_ns / 1_000_000_000


class DurableClass:
    """The objects of one class, from outside."""

    __slots__ = ("_host", "_label")

    def __init__(self, host: DurableHost, label: str) -> None:
        self._host = host
        self._label = label

    def id(self, which: str | DurableObjectId) -> str:
        """The id of an object, 64 hexadecimal digits."""
        return str(self._id(which))

    def ids(self) -> list[str]:
        """Ids of all objects that are in memory or have stored something."""
        return self._host.ids()

    def state(self, which: str | DurableObjectId) -> str:
        """`active`, `idle`, `hibernated` or `evicted`."""
        return self._host.state(self.id(which)).value

    def blockers(self, which: str | DurableObjectId) -> list[str]:
        """Why an object does not hibernate, in words; empty when nothing stands against it."""
        return self._host.blockers(self.id(which))

    def storage(self, which: str | DurableObjectId) -> StoredObject:
        """What an object has stored; looking wakes nobody."""
        object_id = self._id(which)
        known = str(object_id) in self._host.ids()
        return StoredObject(self._host.slot(object_id).database if known else None)

    async def run_alarm(self, which: str | DurableObjectId) -> bool:
        """Run an object's alarm handler now; False when no alarm is set."""
        if self.storage(which).alarm is None:
            return False  # without waking it to ask
        return await self._host.run_alarm(self.id(which))

    async def evict(self, which: str | DurableObjectId) -> bool:
        """Put an object out of memory, whatever would keep it from hibernating; False when it is not there.
        Raises StillNeeded while it is at work."""
        await self._settle()
        if self.state(which) in ("evicted", "hibernated"):
            return False
        if not self._host.evict(self.id(which)):
            raise StillNeeded(f"{self._named(which)} is at work: {'; '.join(self.blockers(which))}")
        return True

    async def hibernate(self, which: str | DurableObjectId) -> bool:
        """Let an object hibernate now, if it can; False when it is not in memory. Raises StillNeeded, which
        says what stands against it."""
        await self._settle()
        if reasons := self.blockers(which):
            raise StillNeeded(f"{self._named(which)} does not hibernate: {'; '.join(reasons)}")
        return await self.evict(which)

    async def _settle(self) -> None:
        clock = self._host.clock
        if isinstance(clock, VirtualClock):
            await clock.run_until_idle()  # an event whose answer is here may still be leaving

    def _named(self, which: str | DurableObjectId) -> str:
        return f"{self._label} {which}"

    def _id(self, which: str | DurableObjectId) -> DurableObjectId:
        if isinstance(which, DurableObjectId):
            return which
        namespace = self._host.namespace()
        found: DurableObjectId = (
            namespace.idFromString(which) if _HEX_ID.fullmatch(which) else namespace.idFromName(which)
        )
        return found
