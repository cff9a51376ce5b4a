"""All SQL of a namespace: rows of `_mf_entries`, and where the values lie.

Values are rows of our own table `_edge_values`, written in the same transaction as the entry that
names them. Whoever wants to keep them elsewhere (as files, like Miniflare) changes this class only.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress

from edge.kv.database import Connection
from edge.kv.logic.entry import Entry
from edge.kv.logic.listing import ListedKey, Stretch

_READ = """
    SELECT value, metadata, expiration FROM _mf_entries JOIN _edge_values USING (blob_id) WHERE key = ?
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
_EXPIRED_VALUES = """
    DELETE FROM _edge_values WHERE blob_id IN (SELECT blob_id FROM _mf_entries WHERE expiration < ?)
"""
_EXPIRED = "DELETE FROM _mf_entries WHERE expiration < ?"


class Entries:
    """Reads and writes entries; a value's row is found by a blob id that `new_blob_id` makes up."""

    def __init__(self, new_blob_id: Callable[[], str]) -> None:
        self._new_blob_id = new_blob_id

    async def read(self, connection: Connection, key: str) -> Entry | None:
        """The entry of `key`, expired or not; None when there is no row, or its value is missing."""
        for value, metadata_json, expiration_ms in await connection.execute_fetchall(_READ, (key,)):
            return Entry(value, metadata_json, expiration_ms)
        return None

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
        await connection.execute_fetchall(_EXPIRED_VALUES, (before_ms,))
        await connection.execute_fetchall(_EXPIRED, (before_ms,))

    async def change(self, connection: Connection, changes: Mapping[str, Entry | None]) -> None:
        """Put each entry; remove each key whose entry is None."""
        await connection.executemany(_FORGET_VALUE, [(key,) for key in changes])
        values, rows = [], []
        for key, entry in changes.items():
            if entry is not None:
                blob_id = self._new_blob_id()
                values.append((blob_id, entry.value))
                rows.append((key, blob_id, entry.expiration_ms, entry.metadata_json))
        if rows:
            await connection.executemany(_WRITE_VALUE, values)
            await connection.executemany(_WRITE, rows)
        if len(rows) < len(changes):
            await connection.executemany(_FORGET, [(key,) for key, entry in changes.items() if entry is None])


def list_sql(stretch: Stretch) -> str:
    """The statement that lists `stretch`; its parameters: start, end (unless None), now, limit."""
    start = "key >= ?" if stretch.includes_start else "key > ?"
    return _LIST.format(stretch=start if stretch.end is None else f"{start} AND key < ?")
