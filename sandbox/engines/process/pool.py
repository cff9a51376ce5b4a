"""Sandboxes that run before anybody asks for them, so that a start only has to take one.

A sandbox in the pool has its files and process 1 and nothing else: limits, environment and entrypoint come
when it is taken. It is never given back: each is used once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from edge.containers.engine import StartFailed
from edge.kernel.tasks import log_failure, spawn_outside
from sandbox.engines.process.images import Built
from sandbox.engines.process.instance import ProcessInstance

_log = logging.getLogger("edge.containers")
_Key = tuple[Any, ...]


class Pool:
    """Keeps `size` sandboxes ready for each image that was asked for."""

    def __init__(self, size: int, boot: Callable[[Built], Awaitable[ProcessInstance]]) -> None:
        self._size = size
        self._boot = boot
        self._ready: dict[_Key, list[ProcessInstance]] = {}
        self._filling: dict[_Key, Awaitable[None]] = {}
        self._one_fills = asyncio.Lock()
        self._closed = False

    async def take(self, image: Built) -> ProcessInstance:
        """A sandbox that is ready, or one that is made now; the pool is filled up again meanwhile.

        Raises StartFailed."""
        ready = self._ready.get(image.layers, [])
        try:
            while ready:
                instance = ready.pop(0)
                if instance.runs:
                    return instance
            return await self._boot(image)
        finally:
            self._fill_later(image)

    async def fill(self, image: Built) -> None:
        """Make as many as there should be; a failure is left to the next start, which meets it, too."""
        ready = self._ready.setdefault(image.layers, [])
        async with self._one_fills:
            while len(ready) < self._size and not self._closed:
                try:
                    instance = await self._boot(image)
                except StartFailed as error:
                    _log.warning("no sandbox could be started ahead: %s", error)
                    return
                if self._ready.get(image.layers) is not ready:  # nobody will ask for this image any more
                    await instance.destroy()
                    return
                ready.append(instance)

    async def keep_only(self, images: list[Built]) -> None:
        """Destroy those of images that nobody will ask for again."""
        wanted = {image.layers for image in images}
        for key in [key for key in self._ready if key not in wanted]:
            for instance in self._ready.pop(key):
                await instance.destroy()

    async def close(self) -> None:
        """Stop filling. Those that are ready end with the engine."""
        self._closed = True
        for filling in list(self._filling.values()):
            await filling

    def _fill_later(self, image: Built) -> None:
        key = image.layers
        if self._size > 0 and not self._closed and key not in self._filling:
            task = spawn_outside(self.fill(image), name="filling the pool of sandboxes")
            self._filling[key] = task
            task.add_done_callback(lambda _: self._filling.pop(key, None))
            task.add_done_callback(log_failure)
