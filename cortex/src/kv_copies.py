"""Copies, elsewhere, of what a Durable Object holds: in KV, or with another object.

KV takes one write a second for each key and refuses the next with 429, and it may be away altogether; so may
another object. Nobody's request fails for that: what is to be copied is remembered with the truth, the newest
value of each key, and the object's alarm tries until it is there.
"""

import asyncio

from waterfall import now_ms

#: KV's limit is a second for each key ("Limits" of Workers KV).
RETRY_MS = 1100
RETRY_MS_MAX = 60_000
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS copies (number INTEGER PRIMARY KEY AUTOINCREMENT, place TEXT, key TEXT, "
    "value TEXT, ttl_s INTEGER, UNIQUE (place, key))"
)


class Copies:
    """The copies of one object, which has no other use for its alarm.

    `writers`, by the name of a place: `async write(key, value, ttl_s)` sets a key, or removes it when `value`
    is None; what it raises means that the copy was not made. `ttl_s` 0: for ever.
    """

    def __init__(self, ctx, writers):
        self._ctx = ctx
        self._sql = ctx.storage.sql
        self._writers = writers
        self._under_way = set()
        self._rings = 0  # of the alarm, in vain, since all copies were made
        self._sql.exec(_SCHEMA)

    async def due(self, *wanted):
        """Remember copies `(place, key, value, ttl_s)` that are to be made. What was written to SQL just
        before, without a wait between, is durable together with them."""
        for copy in wanted:
            self._sql.exec(
                "INSERT OR REPLACE INTO copies (place, key, value, ttl_s) VALUES (?, ?, ?, ?)", *copy
            )
        await self._ctx.storage.setAlarm(int(now_ms()) + RETRY_MS)

    async def make(self):
        """Try all that are due, once; those that fail are left to the alarm."""
        await asyncio.gather(*(self._make(row) for row in self._rows()))
        if self._rows():
            delay_ms = min(RETRY_MS_MAX, RETRY_MS * 2 ** min(self._rings, 8))
            await self._ctx.storage.setAlarm(int(now_ms()) + delay_ms)
        else:
            self._rings = 0
            await self._ctx.storage.deleteAlarm()

    async def ring(self):
        """The alarm: try again, ever more rarely."""
        self._rings += 1
        await self.make()

    def soon(self):
        """Try all that are due, while nobody waits."""
        self._ctx.waitUntil(self.make())

    def _rows(self):
        return [dict(row) for row in self._sql.exec("SELECT * FROM copies ORDER BY number")]

    async def _make(self, row):
        target = row["place"], row["key"]
        if target in self._under_way:
            return  # two writes at once could arrive in either order: this one waits for the alarm
        self._under_way.add(target)
        try:
            await self._writers[row["place"]](row["key"], row["value"], row["ttl_s"])
        except Exception as failure:
            if self._rings:  # once is usual: KV takes a key once a second
                print(f"the copy of {row['key']} in {row['place']} has to wait: {failure}")
            return
        finally:
            self._under_way.discard(target)
        # A value that came meanwhile has a number of its own, and stays.
        self._sql.exec("DELETE FROM copies WHERE number = ?", row["number"])


def kv_writer(namespace):
    """Writes copies to a KV namespace."""

    async def write(key, value, ttl_s):
        if value is None:
            await namespace.delete(key)
        elif ttl_s:
            await namespace.put(key, value, expirationTtl=ttl_s)
        else:
            await namespace.put(key, value)

    return write
