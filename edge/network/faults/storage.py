"""Faults of storage that Workers ask: it fails, or takes longer.

Source: `docs/faults.md`.
"""

from __future__ import annotations

from edge.kernel.spans import modelled_span
from edge.network.faults.fault import Fault
from edge.network.faults.faults import Faults


class StorageTrouble:
    """What may befall operations on one bucket or database."""

    __slots__ = ("_faults", "_key", "_names", "_product")

    def __init__(self, faults: Faults, product: str, key: str, names: tuple[str, ...]) -> None:
        """`product` is what the faults' names begin with; `key` the one by which a script names the storage,
        which has these `names`."""
        self._faults = faults
        self._product = product
        self._key = key
        self._names = names

    async def meet(self, operation: str) -> Fault | None:
        """Wait as long as a fault makes it, and say which fault lets the operation fail (None: none does)."""
        slow = self._strikes(f"{self._product}_slow", operation)
        if slow is not None:
            with modelled_span(f"{self._product}.storage", what="slow"):
                await self._faults.clock.sleep(slow.options["extra"])
        return self._strikes(f"{self._product}_error", operation)

    def _strikes(self, kind: str, operation: str) -> Fault | None:
        given: dict[str, str | tuple[str, ...] | None] = {self._key: self._names, "operation": operation}
        return self._faults.strikes(kind, f"{self._names[0]} {operation}", **given)
