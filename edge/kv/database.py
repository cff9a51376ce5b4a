"""A namespace's SQLite database: a file with a thread each for reading and writing in the live server,
plain `sqlite3` on the loop in the simulator.

Both speak the same small language (`Connection`), so that all SQL is written once (`entries.py`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import aiosqlite

from edge.kernel.clock import Clock, VirtualClock
from edge.kernel.threads import offload

Durability = Literal["full", "relaxed"]

#: How long to wait for another process (`wrangler dev` on the same file) before giving up.
_BUSY_TIMEOUT_MS = 5000


class Connection(Protocol):
    """What the store needs of a connection; `aiosqlite.Connection` is one as it stands."""

    def execute_fetchall(self, sql: str, parameters: Iterable[Any] = ..., /) -> Awaitable[Iterable[Any]]: ...

    def executemany(self, sql: str, parameters: Iterable[Iterable[Any]], /) -> Awaitable[object]: ...

    def close(self) -> Awaitable[None]: ...


class DirectConnection:
    """A `sqlite3` connection whose coroutines never suspend: each call is done when it returns."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def execute_fetchall(self, sql: str, parameters: Iterable[Any] = (), /) -> Iterable[Any]:
        return self._connection.execute(sql, tuple(parameters)).fetchall()

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]], /) -> object:
        return self._connection.executemany(sql, [tuple(row) for row in parameters])

    async def close(self) -> None:
        self._connection.close()


@dataclass(slots=True)
class Database:
    """The two connections of a namespace; in the simulator they are one.

    They are two in the live server because a read on the writer's connection would see rows that its
    open transaction may yet take back, and would wait for its commit.
    """

    writer: Connection
    reader: Connection

    async def close(self) -> None:
        await self.writer.close()
        if self.reader is not self.writer:
            await self.reader.close()


def runs_in_threads(path: Path | None, clock: Clock) -> bool:
    """Whether a database at `path` is served by threads: files in real time are, all else is not."""
    return path is not None and not isinstance(clock, VirtualClock)


async def open_database(
    path: Path | None,
    clock: Clock,
    durability: Durability,
    prepared: Callable[[sqlite3.Connection], None] = lambda connection: None,
) -> Database:
    """Open the database at `path`, creating file and tables; None keeps everything in memory. `prepared`
    is called once, beside the loop, before anything else uses the file.

    Raises `sqlite3.Error` or `OSError`.
    """
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    if path is None or not runs_in_threads(path, clock):
        plain = sqlite3.connect(":memory:" if path is None else path, isolation_level=None)
        try:
            prepare(plain)
            prepared(plain)
            direct = DirectConnection(plain)
            await _configure(direct, durability)
        except BaseException:
            plain.close()
            raise
        return Database(direct, direct)
    await offload(clock, lambda: _prepare_file(path, prepared))
    writer = await _connect(path)
    try:
        await _configure(writer, durability)
        reader = await _connect(path)
    except BaseException:
        await writer.close()
        raise
    try:
        await _configure(reader, durability)
        await reader.execute_fetchall("PRAGMA query_only = ON")
    except BaseException:
        await reader.close()
        await writer.close()
        raise
    return Database(writer, reader)


async def _connect(path: Path) -> aiosqlite.Connection:
    connection = aiosqlite.connect(path, isolation_level=None)
    # A connection that was not closed must not keep the process from ending: what was acknowledged
    # is on disk, and its thread would wait for ever.
    connection._thread.daemon = True
    return await connection


def prepare(connection: sqlite3.Connection) -> None:
    """Bring a database to the schema: Miniflare's table of entries and our own of values.

    Source: spec wrangler.md 5.3. `_edge_values` is ours (`value_files.py` says why).
    """
    connection.execute("PRAGMA journal_mode = WAL")
    present = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if {"_mf_entries", "_edge_values"} <= present:
        return
    import sqlite_utils  # an eighth of a second, needed once in the life of a file

    database = sqlite_utils.Database(connection)
    entries = database.table("_mf_entries")
    entries.create(
        {"key": str, "blob_id": str, "expiration": int, "metadata": str},
        pk="key",
        not_null={"blob_id"},
        if_not_exists=True,
    )
    entries.create_index(["expiration"], "_mf_entries_expiration_idx", if_not_exists=True)
    database.table("_edge_values").create({"blob_id": str, "value": bytes}, pk="blob_id", if_not_exists=True)


def _prepare_file(path: Path, prepared: Callable[[sqlite3.Connection], None]) -> None:
    with closing(sqlite3.connect(path, isolation_level=None, timeout=_BUSY_TIMEOUT_MS / 1000)) as connection:
        prepare(connection)
        prepared(connection)


async def _configure(connection: Connection, durability: Durability) -> None:
    synchronous = "FULL" if durability == "full" else "NORMAL"
    await connection.execute_fetchall(f"PRAGMA synchronous = {synchronous}")
    await connection.execute_fetchall(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
