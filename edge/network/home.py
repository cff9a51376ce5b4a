"""Storage that lives in one place, as callers elsewhere reach it: there, what it takes, and back.

Source: `docs/latency-model.md`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from edge.kernel.spans import modelled_span
from edge.network.network import Network
from edge.network.spread import Spread

_T = TypeVar("_T")


class Home:
    """Where a bucket or a database lives."""

    __slots__ = ("_label", "network", "place", "product")

    def __init__(self, network: Network, product: str, name: str, place: str) -> None:
        """`product` is what messages are for; `place` a code, the default place when it is empty."""
        self.network = network
        self.product = product
        self.place = place or network.profile.default_place
        self._label = f"{product}:{name}"

    async def visit(self, what: str, share: Spread, work: Callable[[], Awaitable[_T]]) -> _T:
        """Go there, take the time that `what` takes (`share`), work, and bring back what comes of it, an
        exception too. Raises `Network connection lost.` (retryable) when a way breaks; on the way back the
        work is done."""
        caller = self.network.here()
        await self.network.travel(caller, self.place, what=self.product)
        await self._take(what, share)
        try:
            result = await work()
        except Exception:
            await self.network.travel(self.place, caller, what=self.product)
            raise
        await self.network.travel(self.place, caller, what=self.product)
        return result

    async def _take(self, what: str, share: Spread) -> None:
        if share.high:
            with modelled_span(f"{self.product}.storage", place=self.place, what=what):
                await self.network.clock.sleep(self.network.draw_s(f"{self._label}:{what}", share))
