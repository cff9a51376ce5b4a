"""Brings packages from the shared cache into one container; npm installs what the cache has not.

A failure of the cache is no failure of the message: npm takes over, and the reason goes into the waterfall.
"""

import asyncio
from urllib.parse import quote

from envelope import ApiError
from server_client import asked, asked_when_it_listens

#: How a package came, and how the reason begins when it did not.
_CACHE, NPM_FAILED = "from the cache", "npm failed"


class PackageDelivery:
    """For one message. `ready()` has the agent server listen, which has to come first;
    `background(coroutine)` runs what nobody waits for."""

    def __init__(self, sandbox, cache, container, ready, background):
        self._sandbox = sandbox
        self._cache = cache
        self._container = container
        self.ready = ready
        self._background = background

    async def missing(self, specs):
        """Those of `specs` that the container has not. Raises ApiError."""
        await self._check()
        status, answer = await asked_when_it_listens(
            self._sandbox, "GET", "/packages", trusts_server=self._container.trusts_server
        )
        if status != 200 or answer is None:
            raise ApiError(502, "the agent server does not say which packages it has")
        return [spec for spec in specs if spec not in answer["installed"]]

    async def bring(self, specs, *, later):
        """Install `specs`, which are missing; with `later` nobody waits for npm. Gives by spec how it came
        (`from the cache`, or `by npm: …` with the reason)."""
        came = dict(zip(specs, await asyncio.gather(*(self._from_cache(spec) for spec in specs))))
        rest = [spec for spec, how in came.items() if how != _CACHE]
        if rest:
            came |= await self._by_npm(rest, came, later)
        return came

    async def _from_cache(self, spec):
        """How a spec came: from the cache, or why not."""
        try:
            pointer = await self._cache.find(spec)
            archive = None if pointer is None else await self._cache.archive(pointer["sha256"])
            if archive is None:
                why = "not in the cache"
            else:
                await self._check()
                path = f"/packages/{pointer['sha256']}/{quote(spec, safe='')}"
                status, answer = await asked(
                    self._sandbox, "PUT", path, archive, **{"content-type": "application/octet-stream"}
                )
                if status == 200:
                    return _CACHE
                why = f"answer {status}" if answer is None else answer.get("error")
        except Exception as failure:  # R2 is out, or the container went
            return f"the cache failed: {failure}"
        self._background(self._tell(spec))
        return why

    async def _check(self):
        """A request to a container that has stopped would start it, and wait for a server that nobody starts.
        Raises ApiError."""
        state = await self._sandbox.getState()
        if state["status"] not in ("running", "healthy"):
            raise ApiError(503, "the container has stopped")

    async def _tell(self, spec):
        try:
            await self._cache.miss(spec)
        except Exception as failure:
            print(f"nobody looks after {spec}, which the package cache misses: {failure}")

    async def _by_npm(self, specs, reasons, later):
        await self._check()
        status, answer = await asked(self._sandbox, "POST", "/packages", {"packages": specs, "later": later})
        failed = specs if status != 200 or answer is None else answer["failed"]
        told = {True: NPM_FAILED, False: "by npm later" if later else "by npm"}
        return {spec: f"{told[spec in failed]}: {reasons[spec]}" for spec in specs}


def in_words(came):
    """For the waterfall: how packages came, those that came alike together."""
    ways = {}
    for spec, how in came.items():
        ways.setdefault(how, []).append(spec)
    return "; ".join(f"{' '.join(specs)} {how}" for how, specs in ways.items())
