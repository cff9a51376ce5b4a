"""Storage that lives in one place, as callers elsewhere reach it: there, what it takes, and back.

Source: `docs/latency-model.md`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol, TypeVar

from edge.kernel.spans import modelled_span
from edge.network.network import Network
from edge.network.spread import Spread

_T = TypeVar("_T")


class Locations(Protocol):
    """A profile's section of such storage."""

    @property
    def location(self) -> str: ...

    @property
    def locations(self) -> Mapping[str, str]: ...


class Home:
    """Where a bucket or a database lives."""

    __slots__ = ("_label", "network", "place", "product")

    def __init__(self, network: Network, product: str, name: str, place: str) -> None:
        """`product` is what messages are for; `place` a code, the default place when it is empty."""
        self.network = network
        self.product = product
        self.place = place or network.profile.default_place
        self._label = f"{product}:{name}"

    @classmethod
    def of(cls, network: Network, product: str, section: Locations, names: tuple[str, ...]) -> Home:
        """Where the profile says that storage with these names is; the first one is its own."""
        places = [section.locations[name] for name in names if name in section.locations]
        return cls(network, product, names[0], places[0] if places else section.location)

    async def visit(self, what: str, share: Spread, work: Callable[[], Awaitable[_T]]) -> _T:
        """Go there, take the time that `what` takes (`share`), work, and bring back what comes of it, an
        exception too. Raises `Network connection lost.` (retryable) when a way breaks; on the way back the
        work is done."""
        caller = self.network.here()
        await self.network.travel(caller, self.place, what=self.product)
        await self.take(what, share)
        try:
            result = await work()
        except Exception:
            await self.network.travel(self.place, caller, what=self.product)
            raise
        await self.network.travel(self.place, caller, what=self.product)
        return result

    async def take(self, what: str, share: Spread) -> float:
        """Let the time pass that `what` takes there, and say how many seconds."""
        if not share.high:
            return 0.0
        with modelled_span(f"{self.product}.storage", place=self.place, what=what):
            took_s = self.network.draw_s(f"{self._label}:{what}", share)
            await self.network.clock.sleep(took_s)
        return took_s
