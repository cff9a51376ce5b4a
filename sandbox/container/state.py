"""What a container object remembers of its container, in the object's storage (spec section 3.2).

The record is that of the JavaScript class, so either can go on from what the other left.
"""

from __future__ import annotations

import time
from typing import Any

from sandbox.container.errors import Ending
from sandbox.container.values import Record

_KEY = "__CF_CONTAINER_STATE"
#: A container in one of these has not been reported to `on_stop` yet.
_UNREPORTED = frozenset({"running", "healthy", "stopping", "stopped_with_code"})


class ContainerState:
    """The last known status; it outlives the object's life in memory."""

    def __init__(self, storage: Any) -> None:
        self._storage = storage
        self._known: dict[str, Any] | None = None

    async def get(self) -> dict[str, Any]:
        """`status`, `lastChange` in ms, after an exit `exitCode` and `reason`. The same object until the
        next change."""
        if self._known is None:
            stored = await self._storage.get(_KEY)
            if stored is None:
                await self.set("stopped")
            elif self._known is None:
                self._known = dict(stored)
        assert self._known is not None
        return self._known

    async def shown(self) -> Record:
        """The state as `get_state()` gives it."""
        state = await self.get()
        return Record({name: state[name] for name in ("status", "lastChange", "exitCode") if name in state})

    async def set(self, status: str, **more: Any) -> None:
        self._known = {"status": status, "lastChange": now_ms(), **more}
        await self._storage.put(_KEY, self._known)

    async def note(self, ending: Ending) -> None:
        """The container ended."""
        if ending.exit_code is None:
            await self.set("stopped")
        else:
            await self.set("stopped_with_code", exitCode=ending.exit_code, reason=ending.reason)

    async def unreported_end(self) -> tuple[dict[str, Any], Record] | None:
        """Of a container that does not run any more: the state to compare with later, and what `on_stop`
        is to be told; None when it has been."""
        state = await self.get()
        if state["status"] not in _UNREPORTED:
            return None
        told = {"exitCode": state.get("exitCode", 0), "reason": state.get("reason", "exit")}
        return state, Record(told)

    async def reported(self, state: dict[str, Any]) -> None:
        """`on_stop` has been told of this state; a newer one stays."""
        if self._known is state:
            await self.set("stopped")


def now_ms() -> int:
    return int(time.time() * 1000)
