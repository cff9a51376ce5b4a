"""The configuration of a session, kept by its object (optimisation 1).

It keeps the user's settings as they were told to it, so that the configuration of a message costs about a
millisecond. It is assembled anew from KV when there is none, when a change was missed, or after five minutes;
and from the user's object where KV has not caught up, or is out.
"""

import asyncio
import json

from config_assembly import assemble, read_settings
from pyodide.ffi import JsException
from settings import defaults
from waterfall import now_ms

CACHE_MS = 5 * 60 * 1000
_SCHEMA = "CREATE TABLE IF NOT EXISTS present (one INTEGER PRIMARY KEY CHECK (one = 1), hash TEXT)"


class ConfigCache:
    """`user()` gives the id of the user and the stub of his object. The hash of the present configuration
    outlives the object's memory."""

    def __init__(self, sql, kv, user):
        self._sql = sql
        self._kv = kv
        self._user = user
        sql.exec(_SCHEMA)
        self._settings, self._version, self._assembled_ms = None, -1, 0.0
        self._dirty = 0  # the version that a message must at least run with
        self._assembling = None
        self.config = None

    def told(self, kind, version, value):
        """A setting was changed and is about to be acknowledged."""
        self._dirty = max(self._dirty, version)
        if self._settings is not None and version == self._version + 1:
            self._settings = {**self._settings, kind: value}
            self._version = version
            self._keep(assemble(self._settings))
        elif version > self._version:
            self._note(None)

    def _keep(self, config):
        self.config = config
        self._note(config["hash"])

    def _note(self, config_hash):
        self._sql.exec("INSERT OR REPLACE INTO present VALUES (1, ?)", config_hash)

    @property
    def fresh(self):
        return (
            self.config is not None
            and self._version >= self._dirty
            and now_ms() - self._assembled_ms < CACHE_MS
        )

    def is_current(self, config_hash):
        """Whether no change came since a configuration was given."""
        return [config_hash] == [row["hash"] for row in self._sql.exec("SELECT hash FROM present")]

    async def get(self):
        """The SandboxConfig, never older than the last acknowledged change."""
        while not self.fresh:
            if self._assembling is None:  # whoever comes meanwhile waits for the same assembly
                self._assembling = asyncio.ensure_future(self._assemble())
            await asyncio.shield(self._assembling)
        return self.config

    async def _assemble(self):
        try:
            user_id, user = self._user()
            (settings, versions), truth = await asyncio.gather(self._in_kv(user_id), user.versions())
            known = json.loads(truth)
            if any(versions.get(kind, 0) < version for kind, version in known["versions"].items()):
                known = json.loads(await user.current())  # KV has not caught up
                settings = {**settings, **known["settings"]}
            if known["version"] >= self._version:  # a change may have come while this was on its way
                self._settings, self._version = settings, known["version"]
                self._keep(assemble(settings))
            self._assembled_ms = now_ms()
        finally:
            self._assembling = None

    async def _in_kv(self, user_id):
        try:
            return await read_settings(self._kv, user_id)
        except JsException as failure:
            print(f"the settings of {user_id} cannot be read from KV: {failure}")
            return defaults(), {}
