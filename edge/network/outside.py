"""The way to addresses outside of Cloudflare, for answers that are made up: real ones take their own time.

Source: `docs/latency-model.md`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from edge.kernel.spans import modelled_span
from edge.network.home import Home
from edge.network.network import Network
from edge.network.spread import NOTHING

_T = TypeVar("_T")
_WHAT = "fetch"


class Outside:
    """Where hosts are, or how far away each is from a place: drawn once and kept, as between places."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._ways_s: dict[tuple[str, str], float] = {}

    async def exchange(self, host: str, answer: Callable[[], Awaitable[_T]]) -> _T:
        """Send a request to `host`, let `answer` answer it there, and bring back what comes of it, an
        exception too. Raises `Network connection lost.` (retryable) when the way to a host with a place
        breaks."""
        location = self._network.profile.outbound.locations.get(host)
        if location is not None:
            return await Home(self._network, _WHAT, host, location).visit(_WHAT, NOTHING, answer)
        here = self._network.here()
        await self._travel(here, host)
        try:
            answered = await answer()
        except Exception:
            await self._travel(host, here)
            raise
        await self._travel(host, here)
        return answered

    async def _travel(self, source: str, target: str) -> None:
        way_s = self._way_s(*sorted((source, target)))
        if way_s:
            with modelled_span("network.hop", source=source, target=target, what=_WHAT):
                await self._network.clock.sleep(way_s)

    def _way_s(self, one: str, other: str) -> float:
        """One direction; the same both ways."""
        if (one, other) not in self._ways_s:
            round_trip = self._network.profile.outbound.round_trip
            self._ways_s[one, other] = self._network.draw_s(f"outbound:{one}:{other}", round_trip) / 2
        return self._ways_s[one, other]
