"""Sandboxes that run before anybody asks for them, so that a start only has to take one.

What the next one will be like is known from the last: an image, an instance type, with the internet or
without. A spare has nothing else of its own; environment and name come when it is taken. Each is used once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from edge.containers.engine import EngineUnavailable, InstanceType, StartFailed
from edge.kernel.tasks import log_failure, spawn_outside
from sandbox.engines.docker.images import Built
from sandbox.engines.docker.instance import DockerInstance

_log = logging.getLogger("edge.containers")


@dataclass(frozen=True)
class Kind:
    """What sandboxes have to share so that one can stand in for another."""

    image: Built
    instance_type: InstanceType
    internet: bool


class Spares:
    """Keeps `size` sandboxes ready of each kind that was asked for."""

    def __init__(self, size: int, boot: Callable[[Kind], Coroutine[Any, Any, DockerInstance]]) -> None:
        self._size = size
        self._boot = boot
        self._ready: dict[Kind, list[DockerInstance]] = {}
        self._filling: dict[Kind, asyncio.Task[None]] = {}
        self._closed = False

    async def take(self, kind: Kind) -> DockerInstance:
        """A sandbox that is ready, or one that is made now; another is made meanwhile. Raises StartFailed,
        EngineUnavailable."""
        ready = self._ready.get(kind, [])
        while ready:
            instance = ready.pop()
            if not instance.ended:
                break
            await instance.destroy()
        else:
            instance = await self._boot(kind)
        self._fill_later(kind)
        return instance

    async def forget(self, images: list[Built]) -> None:
        """Destroy spares of images that are not among these."""
        for kind in [kind for kind in self._ready if kind.image not in images]:
            for instance in self._ready.pop(kind):
                await instance.destroy()

    async def filled(self) -> None:
        """Wait until what is being made is there."""
        await asyncio.gather(*self._filling.values(), return_exceptions=True)

    async def close(self) -> None:
        """Stop filling. Those that are ready end with the engine."""
        self._closed = True
        await self.filled()

    def _fill_later(self, kind: Kind) -> None:
        if self._size > 0 and not self._closed and kind not in self._filling:
            task = self._filling[kind] = spawn_outside(self._fill(kind), name="spare containers")
            task.add_done_callback(lambda _: self._filling.pop(kind, None))
            task.add_done_callback(log_failure)

    async def _fill(self, kind: Kind) -> None:
        ready = self._ready.setdefault(kind, [])
        while len(ready) < self._size and not self._closed:
            try:
                instance = await self._boot(kind)
            except (StartFailed, EngineUnavailable) as error:  # the next start meets it, too
                _log.warning("no container could be started ahead: %s", error)
                return
            if self._ready.get(kind) is not ready:  # its image was built anew meanwhile
                await instance.destroy()
                return
            ready.append(instance)
