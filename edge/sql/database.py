"""One SQLite file: connection, transaction and metadata.

Everything here is synchronous and knows nothing of events, gates or promises. A write begins the implicit
transaction if none is open; whoever owns the file ends it. A database without a path lives in memory, for
as long as this object is kept.

SQLite comes from `apsw`, not from the standard library: error offsets, limits and DQS are reachable, and
its version is the platform's vintage on every machine.

Sources: spec durable-objects.md sections 5 and 8, wrangler.md section 5.3.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import apsw

from edge.sql.logic import rules

_log = logging.getLogger(__name__)
#: Says of a damaged file what to do: the reason and the path.
DAMAGED = (
    "%s: %s. The file is damaged: put a copy of it back, or delete it together with its -wal and -shm files "
    "to begin anew."
)
_BUSY_TIMEOUT_MS = 5000
_BOOKMARK = 2

# A statement is cached by text and flags. Ours carry this flag, so that user SQL of the same text is
# compiled anew and meets the authorizer.
OURS = apsw.SQLITE_PREPARE_PERSISTENT

_METADATA_TABLE = "CREATE TABLE IF NOT EXISTS _cf_METADATA (key INTEGER PRIMARY KEY, value BLOB)"

Authorizer = Callable[[int, "str | None", "str | None"], bool]


def _nothing() -> None:
    """Nobody wants to know."""


class SqlDatabase:
    """One file, or memory. `synchronous` FULL survives a power cut, NORMAL a killed process."""

    #: Whether damage that opening finds is logged here; else whoever opens it says so.
    tells_damage: ClassVar[bool] = True

    __slots__ = (
        "_connection",
        "_cursor",
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
        try:
            connection.pragma("journal_mode", "wal")
        except (apsw.NotADBError, apsw.CorruptError) as error:
            # The Worker meets SQLite's error in the platform's words; whoever runs it needs the file.
            connection.close()
            if self.tells_damage:
                _log.error(DAMAGED, error, self.path)
            raise
        connection.pragma("synchronous", self._synchronous)
        connection.pragma("foreign_keys", True)
        connection.config(apsw.SQLITE_DBCONFIG_DQS_DML, 0)
        connection.config(apsw.SQLITE_DBCONFIG_DQS_DDL, 0)
        for name, limit in rules.LIMITS.items():
            connection.limit(getattr(apsw, f"SQLITE_LIMIT_{name}"), limit)
        connection.authorizer = self._authorize
        self._connection = connection
        self._cursor = connection.cursor()
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
            self.cursor().execute("BEGIN IMMEDIATE", prepare_flags=OURS)
            self.in_transaction = True
            self.on_begin()

    def commit(self) -> None:
        """Make the open transaction durable. Raises apsw.Error; the transaction is rolled back then."""
        assert self.in_transaction, "nothing to commit"
        try:
            self.cursor().execute("COMMIT", prepare_flags=OURS)
        except BaseException:
            self.rollback()
            raise
        self.in_transaction = False

    def rollback(self) -> None:
        """Back to the last durable state."""
        self.in_transaction = False
        if self._connection is not None and self._connection.in_transaction:
            try:
                self.cursor().execute("ROLLBACK", prepare_flags=OURS)
                self.schema_changed()
            except (apsw.NotADBError, apsw.CorruptError):
                self.close()  # a damaged file: this gives up the transaction, too

    @property
    def has_lost_transaction(self) -> bool:
        """Whether SQLite rolled the open transaction back by itself, as it does when the disk is full."""
        return self.in_transaction and not self.connection.in_transaction

    def savepoint(self, name: str) -> None:
        self.begin()
        self.cursor().execute(f"SAVEPOINT {name}", prepare_flags=OURS)

    def release(self, name: str) -> None:
        self.cursor().execute(f"RELEASE {name}", prepare_flags=OURS)

    def rollback_to(self, name: str) -> None:
        """Undo everything since the savepoint and end it."""
        self.cursor().execute(f"ROLLBACK TO {name}", prepare_flags=OURS)
        self.release(name)
        self.schema_changed()

    def schema_changed(self) -> None:
        """Tables may have come or gone. For those who remember some."""

    # -- metadata

    def bookmark(self) -> int:
        """The number of the bookmark."""
        return int(self._metadata(_BOOKMARK) or 0)

    def next_bookmark(self) -> int:
        """Count up the bookmark and give the number before."""
        number = self.bookmark()
        self._set_metadata(_BOOKMARK, number + 1)
        return number

    def _metadata(self, key: int) -> Any:
        if not self.exists or not self.connection.table_exists("main", "_cf_METADATA"):
            return None
        query = "SELECT value FROM _cf_METADATA WHERE key = ?"
        return self.cursor().execute(query, (key,), prepare_flags=OURS).get

    def _set_metadata(self, key: int, value: int) -> None:
        self.begin()
        self.cursor().execute(_METADATA_TABLE)
        self.cursor().execute("REPLACE INTO _cf_METADATA VALUES (?, ?)", (key, value), prepare_flags=OURS)

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


def bookmark_text(number: int) -> str:
    """A bookmark as the platform writes it."""
    return f"{number >> 32:08x}-{number & 0xFFFFFFFF:08x}-00000000-{0:032x}"
