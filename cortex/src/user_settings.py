"""The truth about a user's settings: one Durable Object a user.

KV has copies, which are what the original reads, and as stale as KV is. A change is acknowledged only when it
is durable here and every session of the user has been told: so no later message runs with what was before,
wherever it is sent from.
"""

import asyncio
import json

from settings import defaults, kv_key
from workers import DurableObject


class UserSettings(DurableObject):
    def __init__(self, ctx, env):
        super().__init__(ctx, env)
        self._settings, self._versions, self._version = defaults(), {}, 0
        self._sessions = {}
        ctx.blockConcurrencyWhile(self._load)

    async def _load(self):
        stored = await self.ctx.storage.get("state")
        if stored is not None:
            state = json.loads(stored)
            self._settings |= state["settings"]
            self._versions, self._version = state["versions"], state["version"]
            self._sessions = state["sessions"]

    def _save(self):
        state = {
            "settings": self._settings,
            "versions": self._versions,
            "version": self._version,
            "sessions": self._sessions,
        }
        return self.ctx.storage.put("state", json.dumps(state))

    # -- settings

    async def get(self, kind):
        return json.dumps(self._settings[kind])

    async def put(self, kind, text):
        """Replace a whole setting (JSON). Gives its version."""
        return await self._change(kind, json.loads(text))

    async def put_item(self, kind, name, text):
        """Set one entry of an object, or of a list by its `name`."""
        item, current = json.loads(text), self._settings[kind]
        if isinstance(current, list):
            others = [entry for entry in current if entry["name"] != name]
            return await self._change(kind, [*others, item])
        return await self._change(kind, {**current, name: item})

    async def remove_item(self, kind, name):
        """Take one entry away; False when there is none."""
        current = self._settings[kind]
        if isinstance(current, list):
            rest = [entry for entry in current if entry["name"] != name]
        else:
            rest = {key: value for key, value in current.items() if key != name}
        if len(rest) == len(current):
            return False
        await self._change(kind, rest)
        return True

    async def _change(self, kind, value):
        # No wait before the write: two changes at once cannot take each other back.
        self._version += 1
        version = self._versions[kind] = self._version
        self._settings = {**self._settings, kind: value}
        await self._save()
        text = json.dumps({"version": version, "value": value})
        told = [self._tell(session_id, kind, text) for session_id in self._sessions]
        await asyncio.gather(self.env.SESSIONS_KV.put(kv_key(kind, self._name()), text), *told)
        return version

    async def _tell(self, session_id, kind, text):
        await self.env.SESSIONS.getByName(session_id).settings_changed(kind, text)

    def _name(self):
        return self.ctx.id.name

    async def current(self):
        """All settings with their versions, as JSON."""
        return json.dumps({"settings": self._settings, "versions": self._versions, "version": self._version})

    async def versions(self):
        """The version of each kind that was ever set, as JSON."""
        return json.dumps({"versions": self._versions, "version": self._version})

    # -- sessions

    async def add_session(self, text):
        """From now on this session is told of changes. `text` is its record (JSON)."""
        record = json.loads(text)
        self._sessions = {**self._sessions, record["id"]: record}
        await self._save()

    async def remove_session(self, session_id):
        self._sessions = {key: value for key, value in self._sessions.items() if key != session_id}
        await self._save()

    async def sessions(self):
        """The records of all sessions, the newest first, as JSON."""
        newest = sorted(self._sessions.values(), key=lambda record: record["createdAt"], reverse=True)
        return json.dumps(newest)
