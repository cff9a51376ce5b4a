"""The truth about a user: settings, and which sessions there are. One Durable Object a user.

KV has copies of the settings, which are what the original reads, and as stale as KV is. A change is
acknowledged only when it is durable here and every session of the user has been told: so no later message
runs with what was before, wherever it is sent from.
"""

import asyncio
import json

from kv_copies import Copies, kv_writer
from pyodide.ffi import JsException
from settings import defaults, kv_key
from workers import DurableObject

#: A row of a Durable Object's SQLite has at most 2 MB ("Limits" of Durable Objects).
SETTING_BYTES_MAX = 2_000_000
USER_TTL_S = 30 * 24 * 3600
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS settings (kind TEXT PRIMARY KEY, version INTEGER, value TEXT)",
    "CREATE TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, record TEXT)",
)


class UserSettings(DurableObject):
    def __init__(self, ctx, env):
        super().__init__(ctx, env)
        self._sql = ctx.storage.sql
        for statement in _SCHEMA:
            self._sql.exec(statement)
        writers = {"AUTH_KV": kv_writer(env.AUTH_KV), "SESSIONS_KV": kv_writer(env.SESSIONS_KV)}
        self._copies = Copies(ctx, writers)

    async def alarm(self, info=None):
        await self._copies.ring()

    async def signed_in(self, text):
        """Keep who this is (JSON), for a month from the last time."""
        user_id = json.loads(text)["id"]
        await self._copies.due(("AUTH_KV", f"user:{user_id}", text, USER_TTL_S))
        await self._copies.make()

    # -- settings

    async def get(self, kind):
        return json.dumps(self._value(kind))

    async def put(self, kind, text):
        """Replace a whole setting (JSON). Gives why it was refused, None when it was not."""
        return await self._change(kind, json.loads(text))

    async def put_item(self, kind, name, text):
        """Set one entry of an object, or of a list by its `name`. Gives why it was refused, or None."""
        item, current = json.loads(text), self._value(kind)
        if isinstance(current, list):
            others = [entry for entry in current if entry["name"] != name]
            return await self._change(kind, [*others, item])
        return await self._change(kind, {**current, name: item})

    async def remove_item(self, kind, name):
        """Take one entry away; False when there is none."""
        current = self._value(kind)
        if isinstance(current, list):
            rest = [entry for entry in current if entry["name"] != name]
        else:
            rest = {key: value for key, value in current.items() if key != name}
        if len(rest) == len(current):
            return False
        await self._change(kind, rest)
        return True

    async def _change(self, kind, value):
        # No wait before the writes: two changes at once cannot take each other back.
        version = max(self._versions().values(), default=0) + 1
        kept = json.dumps(value, ensure_ascii=False)
        if (size := len(kept.encode())) > SETTING_BYTES_MAX:
            return f"{kind} would be too large: {size} bytes, at most {SETTING_BYTES_MAX}"
        self._sql.exec("INSERT OR REPLACE INTO settings VALUES (?, ?, ?)", kind, version, kept)
        text = json.dumps({"version": version, "value": value}, ensure_ascii=False)
        await self._copies.due(("SESSIONS_KV", kv_key(kind, self.ctx.id.name), text, 0))
        told = [self._tell(session_id, kind, text) for session_id in self._session_ids()]
        await asyncio.gather(self._copies.make(), *told)
        return None

    async def _tell(self, session_id, kind, text):
        try:
            await self.env.SESSIONS.getByName(session_id).settings_changed(kind, text)
        except JsException:  # the object was reset, or the answer got lost: telling it twice is no harm
            await self.env.SESSIONS.getByName(session_id).settings_changed(kind, text)

    def _value(self, kind):
        found = list(self._sql.exec("SELECT value FROM settings WHERE kind = ?", kind))
        return json.loads(found[0]["value"]) if found else defaults()[kind]

    def _values(self):
        stored = self._sql.exec("SELECT kind, value FROM settings")
        return defaults() | {row["kind"]: json.loads(row["value"]) for row in stored}

    def _versions(self):
        return {row["kind"]: row["version"] for row in self._sql.exec("SELECT kind, version FROM settings")}

    async def current(self):
        """All settings with their versions, as JSON."""
        return json.dumps({"settings": self._values(), **json.loads(await self.versions())})

    async def versions(self):
        """The version of each kind that was ever set, and of all together, as JSON."""
        versions = self._versions()
        return json.dumps({"versions": versions, "version": max(versions.values(), default=0)})

    # -- sessions

    async def add_session(self, text):
        """From now on this session is told of changes. `text` is its record (JSON)."""
        self._sql.exec("INSERT OR REPLACE INTO sessions VALUES (?, ?)", json.loads(text)["id"], text)

    async def note_session(self, text):
        """A session's object says how it is. One that was removed is not listed again."""
        self._sql.exec("UPDATE sessions SET record = ? WHERE id = ?", text, json.loads(text)["id"])

    async def remove_session(self, session_id):
        self._sql.exec("DELETE FROM sessions WHERE id = ?", session_id)

    def _session_ids(self):
        return [row["id"] for row in self._sql.exec("SELECT id FROM sessions")]

    async def sessions(self):
        """The records of all sessions, the newest first, as JSON."""
        records = [json.loads(row["record"]) for row in self._sql.exec("SELECT record FROM sessions")]
        return json.dumps(sorted(records, key=lambda record: record["createdAt"], reverse=True))
