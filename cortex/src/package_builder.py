"""Fills the shared package cache: one object does it, so that many who miss a package build it once.

What users share must not come from a user's sandbox, whose owner could have changed it. So each package is
installed in a sandbox of its own that holds nothing else, is told nothing but the spec, and is destroyed
afterwards. The scripts of a package run there, too: they can spoil that package's archive and no other.
"""

import asyncio
import re
import uuid

from envelope import ApiError
from js import FixedLengthStream
from package_cache import PackageCache
from sandbox_manager import COMMAND
from server_client import AGENT_PORT, asked_when_it_listens
from validation import package_name
from waterfall import now_ms
from workers import DurableObject, Request

from sandbox import get_sandbox

#: What could not be built is not tried again for so long.
PAUSE_MS = 10 * 60 * 1000
#: Sandboxes at once, which users share the room for containers with, and specs that wait for one.
AT_ONCE, WAITING_MAX = 4, 200
ARCHIVE_BYTES_MAX = 32 * 1024 * 1024
#: By these the platform's logs tell its containers from users'.
LABELS = {"purpose": "package-build"}
_START_LIMIT_MS = 20_000


class PackageBuilder(DurableObject):
    """The one object; it forgets what waits for its turn when it is restarted, and is told again."""

    def __init__(self, ctx, env):
        super().__init__(ctx, env)
        self._cache = PackageCache(env.PACKAGES, env.BUILDERS)
        self._under_way = set()
        self._turn = asyncio.Semaphore(AT_ONCE)

    async def missed(self, spec):
        """Somebody misses a package: build it, while nobody waits."""
        package_name(spec)
        if spec not in self._under_way and len(self._under_way) < WAITING_MAX:
            self._under_way.add(spec)
            self.ctx.waitUntil(self._see_to_it(spec))

    async def _see_to_it(self, spec):
        try:
            async with self._turn:
                await self._build_unless(spec)
        except Exception as failure:
            print(f"the package {spec} did not get into the cache: {failure}")
        finally:
            self._under_way.discard(spec)

    async def _build_unless(self, spec):
        """Build a package that is not there, and that was not tried a moment ago."""
        paused = f"pausedUntilMs:{spec}"
        if now_ms() < (await self.ctx.storage.get(paused) or 0) or await self._is_there(spec):
            return
        # Beforehand: it also holds when this object, or its sandbox, dies meanwhile.
        await self.ctx.storage.put(paused, now_ms() + PAUSE_MS)
        await self._build(spec)
        await self.ctx.storage.delete(paused)

    async def _is_there(self, spec):
        pointer = await self._cache.find(spec)
        return pointer is not None and await self._cache.is_whole(pointer["sha256"])

    async def _build(self, spec):
        # Those of sessions begin with `s-`: nobody can name this one, and it is used once.
        sandbox = get_sandbox(self.env.Sandbox, f"build-{uuid.uuid4().hex}", sleep_after="2m", labels=LABELS)
        try:
            process = await sandbox.start_process(COMMAND)
            await process.wait_for_port(AGENT_PORT, path="/health", timeout=_START_LIMIT_MS)
            status, made = await asked_when_it_listens(sandbox, "POST", "/packages/build", {"package": spec})
            if status != 200:
                raise ApiError(502, f"its sandbox says {status}: {made and made.get('error')}")
            made = _checked(made)
            await self._cache.keep(spec, made, await self._archive(sandbox, made))
        finally:
            await self._end(sandbox)

    async def _end(self, sandbox):
        try:
            await sandbox.destroy()
        except Exception as failure:  # what was built is kept all the same, and idle sandboxes stop
            print(f"the sandbox of a package was not destroyed: {failure}")

    async def _archive(self, sandbox, made):
        """What was built, as a stream whose length R2 may know beforehand."""
        url = f"http://container/proxy/{AGENT_PORT}/packages/{made['sha256']}"
        response = await sandbox.fetch(Request(url))
        if response.status != 200:
            raise ApiError(502, f"the archive was not given: {response.status}")
        sized = FixedLengthStream.new(made["bytes"])
        self.ctx.waitUntil(response.js_object.body.pipeTo(sized.writable))
        return sized.readable


def _checked(made):
    """What a sandbox says that it built: scripts of the package may have spoken for it. Raises ApiError."""
    sha256, size = made.get("sha256"), made.get("bytes")
    if not isinstance(sha256, str) or not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise ApiError(502, "its sandbox names no hash")
    if not isinstance(size, int) or not 0 < size <= ARCHIVE_BYTES_MAX:
        raise ApiError(502, f"its archive has {size} bytes, at most {ARCHIVE_BYTES_MAX}")
    return {"sha256": sha256, "bytes": size, "version": str(made.get("version"))[:64]}
