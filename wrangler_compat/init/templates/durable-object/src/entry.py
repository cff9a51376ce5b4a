"""A counter for each path. A day after its last use it begins anew."""

import time
from urllib.parse import urlsplit

from workers import DurableObject, Response, WorkerEntrypoint

DAY_MS = 24 * 60 * 60 * 1000


class Counter(DurableObject):
    """One object a name, anywhere in the world: two visits at once count as two."""

    async def increment(self):
        count = (await self.ctx.storage.get("count") or 0) + 1
        await self.ctx.storage.put("count", count)
        await self.ctx.storage.setAlarm(int(time.time() * 1000) + DAY_MS)
        return count

    async def alarm(self, info=None):
        await self.ctx.storage.deleteAll()


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        path = urlsplit(request.url).path
        count = await self.env.COUNTERS.getByName(path).increment()
        return Response(f"{path}: visit number {count}\n")
