"""What the control plane knows, in one SQLite file: accounts, resources, Workers and their versions.

Statements run at once, in the thread of the event loop, and changes that belong together are one
transaction without an await: nobody sees a half, nor does the disk.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edge.errors import UserError

_TABLES = """
CREATE TABLE accounts (
    id TEXT PRIMARY KEY, name TEXT UNIQUE NOT NULL, token TEXT UNIQUE NOT NULL, created_ms INTEGER NOT NULL
);
CREATE TABLE kv_namespaces (
    id TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES accounts, title TEXT NOT NULL,
    UNIQUE (account, title)
);
CREATE TABLE r2_buckets (
    account TEXT NOT NULL REFERENCES accounts, name TEXT NOT NULL, created_ms INTEGER NOT NULL,
    location TEXT, storage_class TEXT NOT NULL, jurisdiction TEXT NOT NULL, PRIMARY KEY (account, name)
);
CREATE TABLE d1_databases (
    id TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES accounts, name TEXT NOT NULL,
    created_ms INTEGER NOT NULL, jurisdiction TEXT, UNIQUE (account, name)
);
CREATE TABLE scripts (
    key INTEGER PRIMARY KEY, account TEXT NOT NULL REFERENCES accounts, name TEXT NOT NULL,
    tag TEXT NOT NULL, created_ms INTEGER NOT NULL, modified_ms INTEGER NOT NULL,
    settings TEXT NOT NULL, classes TEXT NOT NULL, migration_tag TEXT, UNIQUE (account, name)
);
CREATE TABLE versions (
    id TEXT PRIMARY KEY, script INTEGER NOT NULL REFERENCES scripts ON DELETE CASCADE,
    number INTEGER NOT NULL, created_ms INTEGER NOT NULL, source TEXT NOT NULL, etag TEXT NOT NULL,
    annotations TEXT NOT NULL, bindings TEXT NOT NULL, runtime TEXT NOT NULL,
    startup_ms INTEGER NOT NULL DEFAULT 0, UNIQUE (script, number)
);
CREATE TABLE contents (digest TEXT PRIMARY KEY, content BLOB NOT NULL);
CREATE TABLE modules (
    version TEXT NOT NULL REFERENCES versions ON DELETE CASCADE, position INTEGER NOT NULL,
    name TEXT NOT NULL, type TEXT NOT NULL, digest TEXT NOT NULL REFERENCES contents,
    PRIMARY KEY (version, position)
);
CREATE TABLE deployments (
    id TEXT PRIMARY KEY, script INTEGER NOT NULL REFERENCES scripts ON DELETE CASCADE,
    created_ms INTEGER NOT NULL, source TEXT NOT NULL, annotations TEXT NOT NULL, shares TEXT NOT NULL
);
CREATE TABLE assets (
    account TEXT NOT NULL REFERENCES accounts, digest TEXT NOT NULL, type TEXT, data BLOB NOT NULL,
    PRIMARY KEY (account, digest)
);
"""

#: Came later, and went: a state from before gets and loses them when it is opened.
_LATER_TABLES = """
DROP TABLE IF EXISTS asset_sessions;
CREATE TABLE IF NOT EXISTS image_manifests (
    account TEXT NOT NULL REFERENCES accounts, repository TEXT NOT NULL, digest TEXT NOT NULL,
    type TEXT NOT NULL, content BLOB NOT NULL, PRIMARY KEY (account, repository, digest)
);
CREATE TABLE IF NOT EXISTS image_tags (
    account TEXT NOT NULL REFERENCES accounts, repository TEXT NOT NULL, tag TEXT NOT NULL,
    digest TEXT NOT NULL, PRIMARY KEY (account, repository, tag)
);
CREATE TABLE IF NOT EXISTS container_applications (
    id TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES accounts, name TEXT NOT NULL,
    namespace TEXT NOT NULL, version INTEGER NOT NULL, created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL, settings TEXT NOT NULL, UNIQUE (account, name), UNIQUE (account, namespace)
);
CREATE TABLE IF NOT EXISTS container_rollouts (
    id TEXT PRIMARY KEY, application TEXT NOT NULL REFERENCES container_applications ON DELETE CASCADE,
    created_ms INTEGER NOT NULL, current_version INTEGER NOT NULL, target_version INTEGER NOT NULL,
    asked TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS queues (
    id TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES accounts, name TEXT NOT NULL,
    created_ms INTEGER NOT NULL, modified_ms INTEGER NOT NULL, settings TEXT NOT NULL, UNIQUE (account, name)
);
CREATE TABLE IF NOT EXISTS queue_consumers (
    id TEXT PRIMARY KEY, queue TEXT NOT NULL REFERENCES queues ON DELETE CASCADE, type TEXT NOT NULL,
    script TEXT, settings TEXT NOT NULL, dead_letter_queue TEXT, created_ms INTEGER NOT NULL
);
"""


#: Counted up when the tables change.
_FORMAT = 1
_IN_USE = "another `edge cloud` uses this state: stop it, or choose another folder with --state"


class Catalogue:
    """The file at `path`, or memory when that is None. Raises UserError when it cannot be used."""

    def __init__(self, path: Path | None) -> None:
        try:
            self._connection = _opened(":memory:" if path is None else str(path))
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise UserError(_IN_USE, file=path) from None
            raise UserError(f"the state of the cloud cannot be used: {error}", file=path) from None
        except sqlite3.DatabaseError as error:
            raise UserError(f"the state of the cloud is damaged: {error}", file=path) from None
        found = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if found != _FORMAT:
            self.close()
            raise UserError(
                "this state was made by another version of edge: choose another folder with --state",
                file=path,
            )

    def rows(self, sql: str, *parameters: Any) -> list[sqlite3.Row]:
        """All rows of a statement."""
        return self._connection.execute(sql, parameters).fetchall()

    def row(self, sql: str, *parameters: Any) -> sqlite3.Row | None:
        """The first row of a statement."""
        found: sqlite3.Row | None = self._connection.execute(sql, parameters).fetchone()
        return found

    def change(self, sql: str, *parameters: Any) -> int:
        """Run a statement that changes something; how many rows it changed."""
        return self._connection.execute(sql, parameters).rowcount

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All changes inside are durable together at its end; on an error none has happened. It must not
        be held over an await."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def close(self) -> None:
        self._connection.close()


def _opened(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=0, isolation_level=None)
    connection.row_factory = sqlite3.Row
    # One process at a time: the first transaction takes the file until it is closed.
    for pragma in (
        "locking_mode = EXCLUSIVE",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")
    if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        connection.executescript(f"BEGIN; PRAGMA user_version = {_FORMAT}; {_TABLES} COMMIT;")
    connection.executescript(_LATER_TABLES)
    return connection
