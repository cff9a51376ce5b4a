"""All SQL of a namespace: rows of `_mf_entries`, and where the values lie.

Values are rows of our own table `_edge_values`, written in the same transaction as the entry that names
them; on disk each lies in a file, too, for `wrangler dev` (`value_files.py`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

from edge.kv.database import Connection
from edge.kv.logic.entry import Entry
from edge.kv.logic.listing import ListedKey, Stretch
from edge.kv.value_files import ROW_BYTES_MAX, ValueFiles

_READ = """
    SELECT value, metadata, expiration, blob_id
    FROM _mf_entries LEFT JOIN _edge_values USING (blob_id) WHERE key = ?
"""
# The plus keeps SQLite from its index of expirations: it must walk the keys in order and stop early.
_LIST = """
    SELECT key, expiration, metadata FROM _mf_entries
    WHERE {stretch} AND (+expiration IS NULL OR +expiration >= ?) ORDER BY key LIMIT ?
"""
_FORGET_VALUE = "DELETE FROM _edge_values WHERE blob_id = (SELECT blob_id FROM _mf_entries WHERE key = ?)"
_FORGET = "DELETE FROM _mf_entries WHERE key = ?"
_WRITE_VALUE = "INSERT INTO _edge_values (blob_id, value) VALUES (?, ?)"
_WRITE = "INSERT OR REPLACE INTO _mf_entries (key, blob_id, expiration, metadata) VALUES (?, ?, ?, ?)"
_BLOB_IDS = "SELECT blob_id FROM _mf_entries WHERE key IN ({marks})"
_EXPIRED_BLOB_IDS = "SELECT blob_id FROM _mf_entries WHERE expiration < ?"
_KEYS_AT_ONCE = 500
_EXPIRED_VALUES = """
    DELETE FROM _edge_values WHERE blob_id IN (SELECT blob_id FROM _mf_entries WHERE expiration < ?)
"""
_EXPIRED = "DELETE FROM _mf_entries WHERE expiration < ?"


class Entries:
    """Reads and writes entries; a value is found by a blob id that `new_blob_id` makes up. `files` keeps
    values as files, too (None: in memory nobody else looks)."""

    def __init__(self, new_blob_id: Callable[[], str], files: ValueFiles | None = None) -> None:
        self._new_blob_id = new_blob_id
        self._files = files
        self._written: list[str] = []
        self._replaced: list[str] = []

    async def read(self, connection: Connection, key: str) -> Entry | None:
        """The entry of `key`, expired or not; None when there is no row, or its value is missing."""
        missed = None
        while True:
            row: Any = next(iter(await connection.execute_fetchall(_READ, (key,))), None)
            if row is None:
                return None
            value, metadata_json, expiration_ms, blob_id = row
            if value is None and self._files is not None:
                value = await self._files.read(blob_id)
            if value is not None:
                return Entry(value, metadata_json, expiration_ms)
            if blob_id == missed:
                return None
            missed = blob_id  # another program may have replaced the value between row and file: look again

    async def list(self, connection: Connection, stretch: Stretch, now_ms: int) -> list[ListedKey]:
        """The unexpired keys of `stretch` in order, one more than its limit where there are more."""
        bounds = (stretch.start,) if stretch.end is None else (stretch.start, stretch.end)
        rows = await connection.execute_fetchall(list_sql(stretch), (*bounds, now_ms, stretch.limit + 1))
        return [ListedKey(*row) for row in rows]

    async def has_expired(self, connection: Connection, now_ms: int) -> bool:
        """Whether any row expired before `now_ms`."""
        sql = "SELECT EXISTS (SELECT 1 FROM _mf_entries WHERE expiration < ?)"
        return any(found for (found,) in await connection.execute_fetchall(sql, (now_ms,)))

    @asynccontextmanager
    async def transaction(self, connection: Connection) -> AsyncIterator[None]:
        """All changes inside become durable together at its end; on an error none has happened."""
        try:
            await connection.execute_fetchall("BEGIN IMMEDIATE")
            yield
            await connection.execute_fetchall("COMMIT")
        except BaseException:
            # Asked without looking first: after a cancellation the thread may still be at work on BEGIN
            # or COMMIT, and this comes after it. There may be nothing to roll back (BEGIN failed, the
            # commit went through, SQLite did it by itself on a full disk): that error would hide the first.
            with suppress(sqlite3.OperationalError):
                await connection.execute_fetchall("ROLLBACK")
            raise

    async def remove_expired(self, connection: Connection, before_ms: int) -> None:
        """Remove all rows that expired before `before_ms`, with their values."""
        if self._files is not None:
            await self._note_replaced(connection, _EXPIRED_BLOB_IDS, (before_ms,))
        await connection.execute_fetchall(_EXPIRED_VALUES, (before_ms,))
        await connection.execute_fetchall(_EXPIRED, (before_ms,))

    async def change(self, connection: Connection, changes: Mapping[str, Entry | None]) -> None:
        """Put each entry; remove each key whose entry is None."""
        values, rows = [], []
        for key, entry in changes.items():
            if entry is not None:
                blob_id = self._new_blob_id()
                values.append((blob_id, entry.value))
                rows.append((key, blob_id, entry.expiration_ms, entry.metadata_json))
        if self._files is not None:
            keys = list(changes)
            for start in range(0, len(keys), _KEYS_AT_ONCE):
                some = keys[start : start + _KEYS_AT_ONCE]
                await self._note_replaced(connection, _BLOB_IDS.format(marks=",".join("?" * len(some))), some)
            self._written += [blob_id for blob_id, _ in values]
            await self._files.write(values)
            values = [(blob_id, value) for blob_id, value in values if len(value) <= ROW_BYTES_MAX]
        await connection.executemany(_FORGET_VALUE, [(key,) for key in changes])
        if rows:
            await connection.executemany(_WRITE_VALUE, values)
            await connection.executemany(_WRITE, rows)
        if len(rows) < len(changes):
            await connection.executemany(_FORGET, [(key,) for key, entry in changes.items() if entry is None])

    async def settle(self, *, committed: bool) -> None:
        """After a transaction: remove the files that it made useless. Raises OSError."""
        doomed = self._replaced if committed else self._written
        self._written, self._replaced = [], []
        if self._files is not None:
            await self._files.remove(doomed)

    async def _note_replaced(self, connection: Connection, sql: str, parameters: Iterable[object]) -> None:
        self._replaced += [blob_id for (blob_id,) in await connection.execute_fetchall(sql, parameters)]


def list_sql(stretch: Stretch) -> str:
    """The statement that lists `stretch`; its parameters: start, end (unless None), now, limit."""
    start = "key >= ?" if stretch.includes_start else "key > ?"
    return _LIST.format(stretch=start if stretch.end is None else f"{start} AND key < ?")
