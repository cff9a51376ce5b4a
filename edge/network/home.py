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

    __slots__ = ("_name", "network", "place", "product")

    def __init__(self, network: Network, product: str, name: str, place: str) -> None:
        """`product` is what messages are for; `place` a code, the default place when it is empty."""
        self.network = network
        self.product = product
        self.place = place or network.profile.default_place
        self._name = name

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
        return await take(self.network, self.product, self._name, what, share, place=self.place)


async def take(network: Network, product: str, of: str, what: str, share: Spread, *, place: str) -> float:
    """Let the time pass that a product takes for `what` at a place, and say how many seconds. Each `of` it (a
    bucket, a place) has a random stream of its own."""
    if not share.high:
        return 0.0
    with modelled_span(f"{product}.storage", place=place, what=what):
        took_s = network.draw_s(f"{product}:{of}:{what}", share)
        await network.clock.sleep(took_s)
    return took_s
