"""Tasks for later, in a table of the object's database (spec section 3.3, `schedule`)."""

from __future__ import annotations

import json
import time
from datetime import datetime
from typing import Any

from js import Uint8Array, crypto

from sandbox.container.errors import ContainerError
from sandbox.container.values import Record

_TABLE = """
CREATE TABLE IF NOT EXISTS container_schedules (
  id TEXT PRIMARY KEY NOT NULL DEFAULT (randomblob(9)),
  callback TEXT NOT NULL,
  payload TEXT,
  type TEXT NOT NULL CHECK(type IN ('scheduled', 'delayed')),
  time INTEGER NOT NULL,
  delayInSeconds INTEGER,
  created_at INTEGER DEFAULT (unixepoch())
)"""
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


class Schedules:
    """The tasks of one object. Times are whole seconds since the epoch."""

    def __init__(self, sql: Any) -> None:
        self._sql = sql
        self._rows(_TABLE)

    def add(self, when: Any, callback: str, payload: Any) -> Record:
        """A task at a time (a datetime) or after a number of seconds. Raises ContainerError."""
        task = {"taskId": _new_id(), "callback": callback, "payload": payload}
        if isinstance(when, datetime):
            task |= {"type": "scheduled", "time": int(when.timestamp() // 1)}
        elif isinstance(when, (int, float)) and not isinstance(when, bool):
            task |= {"type": "delayed", "time": int((time.time() + when) // 1), "delayInSeconds": when}
        else:
            raise ContainerError("Invalid schedule type. 'when' must be a Date or number of seconds")
        text = None if payload is None else json.dumps(payload, separators=(",", ":"), ensure_ascii=False)
        self._rows(
            "INSERT OR REPLACE INTO container_schedules (id, callback, payload, type, delayInSeconds, time)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            *(task["taskId"], callback, text, task["type"], task.get("delayInSeconds"), task["time"]),
        )
        return Record(task)

    def of(self, callback: str) -> list[Record]:
        """The first task that calls this method: one at most, as in the JavaScript class."""
        query = "SELECT * FROM container_schedules WHERE callback = ? LIMIT 1"
        return [_task(row) for row in self._rows(query, callback)]

    def get(self, task_id: str) -> Record | None:
        rows = self._rows("SELECT * FROM container_schedules WHERE id = ? LIMIT 1", task_id)
        return _task(rows[0]) if rows else None

    def due(self) -> list[Record]:
        """The tasks whose time has come, the earliest first."""
        query = "SELECT * FROM container_schedules WHERE time <= ? ORDER BY time, rowid"
        return [_task(row) for row in self._rows(query, time.time())]

    def next_ms(self) -> int | None:
        """When the next task is due, in milliseconds since the epoch; None when there is none."""
        (row,) = self._rows("SELECT MIN(time) AS next FROM container_schedules")
        return None if row["next"] is None else row["next"] * 1000

    def remove(self, task_id: str) -> None:
        self._rows("DELETE FROM container_schedules WHERE id = ?", task_id)

    def remove_all(self, callback: str) -> None:
        """Remove the tasks that call this method."""
        self._rows("DELETE FROM container_schedules WHERE callback = ?", callback)

    def _rows(self, query: str, *values: Any) -> list[Any]:
        return list(self._sql.exec(query, *values))


def _task(row: Any) -> Record:
    payload = None if row["payload"] is None else json.loads(row["payload"])
    task = {"taskId": row["id"], "callback": row["callback"], "payload": payload, "type": row["type"]}
    task["time"] = row["time"]
    if row["type"] == "delayed":
        task["delayInSeconds"] = row["delayInSeconds"]
    return Record(task)


def _new_id() -> str:
    drawn = crypto.getRandomValues(Uint8Array.new(9))
    return "".join(_ALPHABET[number % len(_ALPHABET)] for number in drawn)
