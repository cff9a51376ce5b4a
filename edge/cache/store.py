"""The responses of one cache: Miniflare's table and one file a body, or memory. Everything here blocks.

Sources: spec runtime.md section 7, wrangler.md sections 5.3 to 5.5: the file is written before the row that
names it, and removed after that row is gone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.kernel.random import RandomStreams
from edge.sql.database import SqlDatabase

_SCHEMA = """
CREATE TABLE IF NOT EXISTS _mf_entries (
    key TEXT PRIMARY KEY,
    blob_id TEXT NOT NULL,
    expiration INTEGER,
    metadata TEXT
);
CREATE INDEX IF NOT EXISTS _mf_entries_expiration_idx ON _mf_entries(expiration);
"""
_GET = "SELECT blob_id, expiration, metadata FROM _mf_entries WHERE key = ?"
_PUT = "INSERT OR REPLACE INTO _mf_entries (key, blob_id, expiration, metadata) VALUES (?, ?, ?, ?)"
#: The last digits of a blob's id are the time at which it was written, in ms.
_TIME_DIGITS = 16
_DELETE = "DELETE FROM _mf_entries WHERE key = ? RETURNING blob_id, expiration"


@dataclass(frozen=True, slots=True)
class Stored:
    """A response in a cache."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    #: When it was put.
    put_ms: int


class Store:
    """One cache. `path` and `folder` are its database and the place of its bodies; None: in memory."""

    def __init__(self, path: Path | None, folder: Path | None, random: RandomStreams) -> None:
        # What is lost in a power cut was only a copy.
        self._database = SqlDatabase(path, synchronous="NORMAL")
        self._folder = folder
        self._random = random
        self._memory: dict[str, bytes] = {}
        self._ready = False

    def get(self, key: str, now_ms: int) -> Stored | None:
        """What is stored and still fresh. A row whose body is gone counts as absent."""
        if not self._database.exists:
            return None
        row = self._execute(_GET, key).fetchone()
        if row is None or row[1] is None or row[1] <= now_ms:
            return None
        body = self._read(row[0])
        if body is None:
            return None
        found = json.loads(row[2])
        headers = [(name, value) for name, value in found["headers"]]
        return Stored(found["status"], headers, body, int(row[0][-_TIME_DIGITS:], 16))

    def put(self, key: str, response: Stored, expires_ms: int) -> None:
        """Store a response in the place of any other. Raises OSError and apsw.Error."""
        blob_id = self._write(response)
        metadata = {"headers": response.headers, "status": response.status, "size": len(response.body)}
        text = json.dumps(metadata, ensure_ascii=False, separators=(",", ":"))
        before = self._execute(_GET, key).fetchone()
        self._execute(_PUT, key, blob_id, expires_ms, text)
        if before is not None:
            self._remove(before[0])

    def delete(self, key: str, now_ms: int) -> bool:
        """Whether a fresh response was there."""
        if not self._database.exists:
            return False
        row = self._execute(_DELETE, key).fetchone()
        if row is None:
            return False
        self._remove(row[0])
        return row[1] is not None and row[1] > now_ms

    def close(self) -> None:
        self._database.close()
        self._memory.clear()

    def _execute(self, sql: str, *parameters: Any) -> Any:
        connection = self._database.connection
        if not self._ready:
            connection.execute(_SCHEMA)
            self._ready = True
        return connection.cursor().execute(sql, parameters)

    def _write(self, response: Stored) -> str:
        # Miniflare's form: 32 random bytes and the time in ms as 8 bytes, in hexadecimal.
        blob_id = self._random.bytes("cache.blob_id", 32).hex() + f"{response.put_ms:0{_TIME_DIGITS}x}"
        if self._folder is None:
            self._memory[blob_id] = response.body
        else:
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / blob_id).write_bytes(response.body)
        return blob_id

    def _read(self, blob_id: str) -> bytes | None:
        if self._folder is None:
            return self._memory.get(blob_id)
        try:
            return (self._folder / blob_id).read_bytes()
        except FileNotFoundError:
            return None

    def _remove(self, blob_id: str) -> None:
        if self._folder is None:
            self._memory.pop(blob_id, None)
        else:
            (self._folder / blob_id).unlink(missing_ok=True)
