"""The SQLite database of one object: what `edge.sql` gives, the key-value table and the alarm.

Everything here is synchronous and knows nothing of events, gates or promises. A write begins the implicit
transaction if none is open; whoever owns the turn (`edge.durable.commits`) ends it.

Sources: spec durable-objects.md sections 5, 8 and 9, wrangler.md section 5.3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw

from edge.durable.logic.key_range import KeyRange
from edge.sql.database import OURS, SqlDatabase

_ALARM = 1

_KV_TABLE = "CREATE TABLE IF NOT EXISTS _cf_KV (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID"
_GET = "SELECT value FROM _cf_KV WHERE key = ?"
_PUT = "INSERT INTO _cf_KV VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"
_DELETE = "DELETE FROM _cf_KV WHERE key = ?"


class LostDatabase:
    """Stands in for the database of an object that broke: any use raises the reason."""

    __slots__ = ("_reason",)

    def __init__(self, reason: BaseException) -> None:
        self._reason = reason

    def __getattr__(self, name: str) -> Any:
        raise self._reason


class Database(SqlDatabase):
    """One object's storage."""

    tells_damage = False  # `edge.durable.sql_errors` does, with the reference that the Worker gets

    __slots__ = ("_has_kv", "on_open")

    def __init__(self, path: Path | None = None, *, synchronous: str = "FULL") -> None:
        super().__init__(path, synchronous=synchronous)
        self._has_kv = False
        #: Called when the file was opened.
        self.on_open: Callable[[], None] | None = None

    def _open(self) -> apsw.Connection:
        connection = super()._open()
        self._has_kv = connection.table_exists("main", "_cf_KV")
        if self.on_open is not None:
            self.on_open()
        return connection

    def schema_changed(self) -> None:
        """Tables may have come or gone."""
        self._has_kv = self.connection.table_exists("main", "_cf_KV")

    # -- key-value pairs

    def get(self, key: str) -> bytes | None:
        if not self._has_kv and not self._find_kv():
            return None
        found: bytes | None = self.cursor().execute(_GET, (key,), prepare_flags=OURS).get
        return found

    def put(self, key: str, value: bytes) -> None:
        if not self.in_transaction:
            self.begin()
        if not self._has_kv:
            self.cursor().execute(_KV_TABLE)
            self._has_kv = True
        self.cursor().execute(_PUT, (key, value), prepare_flags=OURS)

    def delete(self, key: str) -> bool:
        """Whether the key existed."""
        if not self._has_kv and not self._find_kv():
            return False
        self.begin()
        self.cursor().execute(_DELETE, (key,), prepare_flags=OURS)
        return self.connection.changes() > 0

    def pairs(self, span: KeyRange) -> Iterator[tuple[str, bytes]]:
        """The pairs of a range in the order of its direction, read as they are asked for."""
        if not self._has_kv and not self._find_kv():
            return iter(())
        sql, bindings = span.query()
        return self.connection.cursor().execute(sql, bindings, prepare_flags=OURS)

    def _find_kv(self) -> bool:
        if self._connection is None and self.exists:
            self._open()
        return self._has_kv

    # -- the alarm

    def alarm_ns(self) -> int | None:
        found = self._metadata(_ALARM)
        return None if found is None else int(found)

    def set_alarm_ns(self, when_ns: int | None) -> None:
        if when_ns is not None:
            self._set_metadata(_ALARM, when_ns)
        elif self._metadata(_ALARM) is not None:
            self.begin()
            self.cursor().execute("DELETE FROM _cf_METADATA WHERE key = ?", (_ALARM,), prepare_flags=OURS)

    # -- all of it

    def delete_all(self) -> None:
        """Drop every table, view and key in the open transaction. The caller saves what stays."""
        if not self.exists:
            return
        self.begin()
        connection = self.connection
        # The configuration flag, because the PRAGMA does nothing inside a transaction: children may be
        # dropped after their parents.
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_FKEY, 0)
        try:
            for kind, name in self._droppable():
                quoted = name.replace('"', '""')
                connection.execute(f'DROP {kind} IF EXISTS "{quoted}"')
            if connection.table_exists("main", "sqlite_sequence"):
                connection.execute("DELETE FROM sqlite_sequence")
        finally:
            connection.config(apsw.SQLITE_DBCONFIG_ENABLE_FKEY, 1)
        self._has_kv = False

    def _droppable(self) -> list[tuple[str, str]]:
        # Virtual tables first: their shadow tables go with them and cannot be dropped by themselves.
        found: list[Any] = self.connection.execute(
            "SELECT type, name FROM sqlite_master WHERE type IN ('table', 'view') "
            "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY sql LIKE 'CREATE VIRTUAL%' DESC, rowid"
        ).fetchall()
        return found

    def close(self) -> None:
        super().close()
        self._has_kv = False
