"""One queue on disk: each message stays until it was acknowledged, moved or dropped.

A message that is being delivered stays as it is, so whoever is killed in between delivers it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from edge.queues.message import Kept, Message, Metrics
from edge.sql.database import SqlDatabase

_SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE,
  timestamp_ms INTEGER, content_type TEXT, body BLOB, failed INTEGER, due_ms REAL, expires_ms REAL);
CREATE INDEX IF NOT EXISTS expiry ON messages (expires_ms);
"""
_COLUMNS = "number, id, timestamp_ms, content_type, body, failed"


def queue_path(state: Path, name: str) -> Path:
    """The file of the queue `name`. wrangler keeps queues in memory: the layout is ours."""
    return state / "v3" / "queues" / f"{quote(name, safe='')}.sqlite"


class Store:
    """The queue in the file `path`, or in memory. All of it is synchronous, for one caller at a time."""

    def __init__(self, path: Path | None, *, synchronous: str = "FULL") -> None:
        self._database = SqlDatabase(path, synchronous=synchronous)
        self._is_open = False
        self._count = 0
        self._size_bytes = 0

    def waiting(self) -> list[tuple[int, float]]:
        """Number and due time (ms) of every message."""
        return [(number, due_ms) for number, due_ms in self._sql("SELECT number, due_ms FROM messages")]

    def put(self, messages: Iterable[tuple[Message, float]], expires_ms: float) -> list[tuple[int, float]]:
        """Keep messages, each until its due time (ms) and at most until `expires_ms`. Durable on return.
        Gives their numbers and due times; an id that is there already is passed over."""
        added = []
        for message, due_ms in messages:
            row = (message.id, message.timestamp_ms, message.content_type, message.body, message.failed)
            found = self._sql(
                "INSERT INTO messages (id, timestamp_ms, content_type, body, failed, due_ms, expires_ms)"
                " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING RETURNING number",
                (*row, due_ms, expires_ms),
            )
            if found:
                added.append((int(found[0][0]), due_ms))
                self._count += 1
                self._size_bytes += len(message.body)
        self._commit()
        return added

    def load(self, numbers: Sequence[int]) -> list[Kept]:
        """Messages by their numbers, in this order, without those that are gone."""
        marks = ", ".join("?" * len(numbers))
        rows = self._sql(f"SELECT {_COLUMNS} FROM messages WHERE number IN ({marks})", numbers)
        found = {row[0]: Kept(row[0], Message(*row[1:])) for row in rows}
        return [found[number] for number in numbers if number in found]

    def settle(self, done: Iterable[int], again: Iterable[tuple[int, float]]) -> None:
        """Forget the messages that are `done`; those to come again fail once more and get a due time (ms)."""
        self._remove("number = ?", [(number,) for number in done])
        for number, due_ms in again:
            self._sql(
                "UPDATE messages SET failed = failed + 1, due_ms = ? WHERE number = ?", (due_ms, number)
            )
        self._commit()

    def expire(self, now_ms: float) -> int:
        """Forget what nobody took in time; how many messages that were."""
        if not self._sql("SELECT 1 FROM messages WHERE expires_ms <= ? LIMIT 1", (now_ms,)):
            return 0
        before = self._count
        self._remove("expires_ms <= ?", [(now_ms,)])
        self._commit()
        return before - self._count

    def clear(self) -> None:
        """Forget all messages."""
        self._remove("?", [(1,)])
        self._commit()

    def metrics(self, without: Sequence[int] = ()) -> Metrics:
        """How much there is, and how old it is, not counting the messages with these numbers."""
        among = f"({', '.join('?' * len(without))})"
        ((count, size_bytes),) = self._sql(
            f"SELECT count(*), total(length(body)) FROM messages WHERE number IN {among}", without
        )
        oldest = self._sql(
            f"SELECT timestamp_ms FROM messages WHERE number NOT IN {among} ORDER BY number LIMIT 1", without
        )
        left_bytes = self._size_bytes - int(size_bytes)
        return Metrics(self._count - count, left_bytes, oldest[0][0] if oldest else None)

    def close(self) -> None:
        self._database.close()

    def _remove(self, where: str, bindings: Iterable[Sequence[Any]]) -> None:
        for each in bindings:
            removed = self._sql(f"DELETE FROM messages WHERE {where} RETURNING length(body)", each)
            self._count -= len(removed)
            self._size_bytes -= sum(size for (size,) in removed)

    def _commit(self) -> None:
        if self._database.in_transaction:
            self._database.commit()

    def _sql(self, sql: str, bindings: Sequence[Any] = ()) -> list[Any]:
        connection = self._database.connection
        if not self._is_open:
            self._is_open = True
            for statement in _SCHEMA.strip().split(";\n"):
                connection.execute(statement)
            query = "SELECT count(*), total(length(body)) FROM messages"
            totals: list[Any] = connection.execute(query).fetchall()
            self._count, self._size_bytes = map(int, totals[0])
        if not sql.startswith("SELECT"):
            self._database.begin()
        return connection.execute(sql, bindings).fetchall()
