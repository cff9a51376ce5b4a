"""The SQLite database of one object: connection, transaction, key-value table, alarm and bookmark.

Everything here is synchronous and knows nothing of events, gates or promises. A write begins the implicit
transaction if none is open; whoever owns the turn (`edge.durable.commits`) ends it. A database without a
path lives in memory, for as long as this object is kept.

SQLite comes from `apsw`, not from the standard library: error offsets, limits and DQS are reachable, and
its version is the platform's vintage on every machine.

Sources: spec durable-objects.md sections 5, 8 and 9, wrangler.md section 5.3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw

from edge.durable.logic import sql_rules
from edge.durable.logic.key_range import KeyRange

_BUSY_TIMEOUT_MS = 5000
_ALARM, _BOOKMARK = 1, 2

# A statement is cached by text and flags. Ours carry this flag, so that user SQL of the same text is
# compiled anew and meets the authorizer.
_OURS = apsw.SQLITE_PREPARE_PERSISTENT

_KV_TABLE = "CREATE TABLE IF NOT EXISTS _cf_KV (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID"
_METADATA_TABLE = "CREATE TABLE IF NOT EXISTS _cf_METADATA (key INTEGER PRIMARY KEY, value BLOB)"
_GET = "SELECT value FROM _cf_KV WHERE key = ?"
_PUT = "INSERT INTO _cf_KV VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"
_DELETE = "DELETE FROM _cf_KV WHERE key = ?"

Authorizer = Callable[[int, "str | None", "str | None"], bool]


def _nothing() -> None:
    """Nobody wants to know."""


class LostDatabase:
    """Stands in for the database of an object that broke: any use raises the reason."""

    __slots__ = ("_reason",)

    def __init__(self, reason: BaseException) -> None:
        self._reason = reason

    def __getattr__(self, name: str) -> Any:
        raise self._reason


class Database:
    """One object's storage."""

    __slots__ = (
        "_connection",
        "_cursor",
        "_has_kv",
        "_synchronous",
        "authorizer",
        "in_transaction",
        "on_begin",
        "path",
    )

    def __init__(self, path: Path | None = None, *, synchronous: str = "FULL") -> None:
        assert synchronous in ("FULL", "NORMAL"), synchronous
        self.path = path
        self._synchronous = synchronous
        self._connection: apsw.Connection | None = None
        self._cursor: apsw.Cursor | None = None
        self._has_kv = False
        self.in_transaction = False
        #: Called when a transaction begins, so that somebody ends it.
        self.on_begin: Callable[[], None] = _nothing
        #: Set while user SQL is compiled: decides what it may do.
        self.authorizer: Authorizer | None = None

    @property
    def exists(self) -> bool:
        """Whether anything may have been stored: a file is created by its first use."""
        return self._connection is not None or (self.path is not None and self.path.exists())

    @property
    def connection(self) -> apsw.Connection:
        return self._connection or self._open()

    def cursor(self) -> apsw.Cursor:
        """The cursor of the short statements made here; each use ends the one before."""
        if self._cursor is None:
            self._open()
            assert self._cursor is not None
        return self._cursor

    def _open(self) -> apsw.Connection:
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = apsw.Connection(":memory:" if self.path is None else str(self.path))
        connection.set_busy_timeout(_BUSY_TIMEOUT_MS)
        connection.pragma("journal_mode", "wal")
        connection.pragma("synchronous", self._synchronous)
        connection.pragma("foreign_keys", True)
        connection.config(apsw.SQLITE_DBCONFIG_DQS_DML, 0)
        connection.config(apsw.SQLITE_DBCONFIG_DQS_DDL, 0)
        for name, limit in sql_rules.LIMITS.items():
            connection.limit(getattr(apsw, f"SQLITE_LIMIT_{name}"), limit)
        connection.authorizer = self._authorize
        self._connection = connection
        self._cursor = connection.cursor()
        self._has_kv = connection.table_exists("main", "_cf_KV")
        return connection

    def _authorize(
        self, action: int, first: str | None, second: str | None, _database: str | None, _trigger: str | None
    ) -> int:
        if self.authorizer is None or self.authorizer(action, first, second):
            return apsw.SQLITE_OK
        return apsw.SQLITE_DENY

    # -- transactions

    def begin(self) -> None:
        """Begin the implicit transaction unless it is open."""
        if not self.in_transaction:
            self.cursor().execute("BEGIN IMMEDIATE", prepare_flags=_OURS)
            self.in_transaction = True
            self.on_begin()

    def commit(self) -> None:
        """Make the open transaction durable. Raises apsw.Error; the transaction is rolled back then."""
        assert self.in_transaction, "nothing to commit"
        try:
            self.cursor().execute("COMMIT", prepare_flags=_OURS)
        except BaseException:
            self.rollback()
            raise
        self.in_transaction = False

    def rollback(self) -> None:
        """Back to the last durable state."""
        self.in_transaction = False
        if self._connection is not None and self._connection.in_transaction:
            self.cursor().execute("ROLLBACK", prepare_flags=_OURS)
            self.schema_changed()

    @property
    def has_lost_transaction(self) -> bool:
        """Whether SQLite rolled the open transaction back by itself, as it does when the disk is full."""
        return self.in_transaction and not self.connection.in_transaction

    def savepoint(self, name: str) -> None:
        self.begin()
        self.cursor().execute(f"SAVEPOINT {name}", prepare_flags=_OURS)

    def release(self, name: str) -> None:
        self.cursor().execute(f"RELEASE {name}", prepare_flags=_OURS)

    def rollback_to(self, name: str) -> None:
        """Undo everything since the savepoint and end it."""
        self.cursor().execute(f"ROLLBACK TO {name}", prepare_flags=_OURS)
        self.release(name)
        self.schema_changed()

    def schema_changed(self) -> None:
        """Tables may have come or gone."""
        self._has_kv = self.connection.table_exists("main", "_cf_KV")

    # -- key-value pairs

    def get(self, key: str) -> bytes | None:
        if not self._has_kv and not self._find_kv():
            return None
        found: bytes | None = self.cursor().execute(_GET, (key,), prepare_flags=_OURS).get
        return found

    def put(self, key: str, value: bytes) -> None:
        if not self.in_transaction:
            self.begin()
        if not self._has_kv:
            self.cursor().execute(_KV_TABLE)
            self._has_kv = True
        self.cursor().execute(_PUT, (key, value), prepare_flags=_OURS)

    def delete(self, key: str) -> bool:
        """Whether the key existed."""
        if not self._has_kv and not self._find_kv():
            return False
        self.begin()
        self.cursor().execute(_DELETE, (key,), prepare_flags=_OURS)
        return self.connection.changes() > 0

    def pairs(self, span: KeyRange) -> Iterator[tuple[str, bytes]]:
        """The pairs of a range in the order of its direction, read as they are asked for."""
        if not self._has_kv and not self._find_kv():
            return iter(())
        sql, bindings = span.query()
        return self.connection.cursor().execute(sql, bindings, prepare_flags=_OURS)

    def _find_kv(self) -> bool:
        if self._connection is None and self.exists:
            self._open()
        return self._has_kv

    # -- metadata

    def alarm_ns(self) -> int | None:
        found = self._metadata(_ALARM)
        return None if found is None else int(found)

    def set_alarm_ns(self, when_ns: int | None) -> None:
        if when_ns is not None:
            self._set_metadata(_ALARM, when_ns)
        elif self._metadata(_ALARM) is not None:
            self.begin()
            self.cursor().execute("DELETE FROM _cf_METADATA WHERE key = ?", (_ALARM,), prepare_flags=_OURS)

    def next_bookmark(self) -> int:
        """Count up the bookmark and give the number before."""
        number = int(self._metadata(_BOOKMARK) or 0)
        self._set_metadata(_BOOKMARK, number + 1)
        return number

    def _metadata(self, key: int) -> Any:
        if not self.exists or not self.connection.table_exists("main", "_cf_METADATA"):
            return None
        query = "SELECT value FROM _cf_METADATA WHERE key = ?"
        return self.cursor().execute(query, (key,), prepare_flags=_OURS).get

    def _set_metadata(self, key: int, value: int) -> None:
        self.begin()
        self.cursor().execute(_METADATA_TABLE)
        self.cursor().execute("REPLACE INTO _cf_METADATA VALUES (?, ?)", (key, value), prepare_flags=_OURS)

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

    def size_bytes(self) -> int:
        """Pages in use."""
        connection = self.connection
        free, count = connection.pragma("freelist_count"), connection.pragma("page_count")
        return (int(count) - int(free)) * int(connection.pragma("page_size"))

    def close(self) -> None:
        """Roll back what was not committed and close the file; memory is given up."""
        self.in_transaction = False
        if self._connection is not None:
            self._connection.close(force=True)
            self._connection = self._cursor = None
            self._has_kv = False
