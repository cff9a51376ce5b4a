"""A session's record: its object holds the truth; KV and the object of its user have copies.

A session that has ended stays ended: what comes to its end only later, a wake or an answer, changes nothing.
"""

import json

from waterfall import now_ms

TTL_S = 7 * 24 * 3600
ENDED = ("terminated", "pending-delete")
_CHANGEABLE = (
    "name",
    "projectPath",
    "gitRepo",
    "mode",
    "switches",
    "status",
    "lastActiveAt",
    "sdkSessionId",
)
_SCHEMA = "CREATE TABLE IF NOT EXISTS record (one INTEGER PRIMARY KEY CHECK (one = 1), text TEXT)"


def lives(record):
    """Whether there is such a session, and it has not ended."""
    return record is not None and record["status"] not in ENDED


def changed(record, change):
    """The next record, with the fields of `change` that may change."""
    kept = {name: value for name, value in change.items() if name in _CHANGEABLE}
    return {**record, **kept, "revision": record["revision"] + 1}


def ended(record, at_ms):
    """The record of a session whose user deleted it."""
    deleted = {**record, "metadata": {**record["metadata"], "deletedAt": at_ms}}
    return changed(deleted, {"status": "pending-delete"})


class SessionRecord:
    """The record in the session's object; `value` is None when there is no such session (any more)."""

    def __init__(self, sql, copies):
        self._sql = sql
        self._copies = copies
        sql.exec(_SCHEMA)
        rows = list(sql.exec("SELECT text FROM record"))
        self.value = json.loads(rows[0]["text"]) if rows else None

    @property
    def lives(self):
        return lives(self.value)

    async def open(self, record):
        """Keep a new record; the object of the user knows it already."""
        await self._keep(record, self._in_kv(record))

    async def change(self, **change):
        """Change fields, if the session has not ended; gives whether it has not. The copies are due."""
        if not self.lives:
            return False
        record = changed(self.value, change)
        await self._keep(record, self._in_kv(record), ("USERS", record["id"], json.dumps(record), 0))
        return True

    async def end(self):
        """End the session, for good. The copies are due."""
        if not self.lives:
            return
        at_ms = now_ms()
        record = ended(self.value, at_ms)
        pending = "SESSIONS_KV", f"pending-delete:{record['id']}", str(at_ms), 0
        await self._keep(record, self._in_kv(record), pending, ("USERS", record["id"], None, 0))

    def _in_kv(self, record):
        return "SESSIONS_KV", f"session:{record['id']}", json.dumps(record), TTL_S

    async def _keep(self, record, *copies):
        self.value = record
        self._sql.exec("INSERT OR REPLACE INTO record VALUES (1, ?)", json.dumps(record))
        await self._copies.due(*copies)
