"""The session's object keeps what is believed of its container, and gives those who write their turns."""

import asyncio
import contextlib
import json

from container_state import ContainerState
from waterfall import now_ms

_SCHEMA = "CREATE TABLE IF NOT EXISTS container (one INTEGER PRIMARY KEY CHECK (one = 1), state TEXT)"
_TURN_LIMIT_MS = 1000
#: What runs may say of the container.
_VERBS = ("as_stored", "writes", "wrote", "learned", "woke", "doubted")


class Believed:
    def __init__(self, sql):
        self._sql = sql
        sql.exec(_SCHEMA)
        stored = list(sql.exec("SELECT state FROM container"))
        self._state = ContainerState(json.loads(stored[0]["state"]) if stored else None)
        self._free = asyncio.Event()

    @property
    def boot(self):
        return self._state.boot

    def say(self, verb, said):
        """A run says something; gives what is believed, or what the verb gives."""
        if verb not in _VERBS:
            raise ValueError(f"nothing is said by {verb!r}")
        before = self._state.as_stored()
        answer = getattr(self._state, verb)(**said)
        after = self._state.as_stored()
        if after != before:
            self._sql.exec("INSERT OR REPLACE INTO container VALUES (1, ?)", json.dumps(after))
        if verb == "wrote":
            self._free.set()
        return after if answer is None else answer

    async def turn(self):
        """Wait a while until nobody writes; whether that is so. No longer, because new code waits for calls
        of this object's life before, and whoever writes would say that he wrote to the life after it."""
        end_ms = now_ms() + _TURN_LIMIT_MS
        while self._state.busy_ms(now_ms()) > 0:
            if now_ms() >= end_ms:
                return False
            self._free.clear()
            left_ms = min(self._state.busy_ms(now_ms()), end_ms - now_ms())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._free.wait(), left_ms / 1000)
        return True
