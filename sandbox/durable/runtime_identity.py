"""One run of the container, from its start to its end: what an activation of a port belongs to.

A preview URL works only in the run in which its port was exposed (spec section 5.4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from js import crypto

if TYPE_CHECKING:
    from sandbox.durable.sandbox import Sandbox

_KEY = "currentRuntimeIdentity"


class RuntimeIdentity:
    """The id of the run that is under way."""

    def __init__(self, owner: Sandbox) -> None:
        self._owner = owner
        self._storage = owner.ctx.storage

    async def active(self) -> str | None:
        """The id of the run; None while the container does not run."""
        state = await self._owner.get_state()
        if state["status"] != "healthy" or not self._owner.ctx.container.running:
            return None
        stored = await self._storage.get(_KEY)
        return None if stored is None else str(stored["id"])

    async def begin(self) -> str:
        """The container has started. A run that is known already goes on."""
        stored = await self._storage.get(_KEY)
        if stored is not None:
            return str(stored["id"])
        identity = str(crypto.randomUUID())
        await self._storage.put(_KEY, {"id": identity})
        return identity

    async def end(self) -> Any:
        await self._storage.delete(_KEY)
