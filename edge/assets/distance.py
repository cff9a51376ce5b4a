"""Static assets at a distance: a place has those that somebody asked for there before, the others it fetches.

Source: `docs/latency-model.md`.
"""

from __future__ import annotations

from edge.network.home import take
from edge.network.network import Network


class AssetPlaces:
    """Which place has which asset of which Worker; what one has it keeps."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._there: set[tuple[str, str, str]] = set()

    async def fetched(self, worker: str, path: str) -> None:
        """Let the time pass until the place where the caller runs has the Worker's asset at `path`."""
        figures, place = self._network.profile.assets, self._network.here()
        asset = (place, worker, path)
        if asset in self._there:
            await take(self._network, "assets", place, "hot", figures.hot, place=place)
        else:
            await take(self._network, "assets", place, "cold", figures.cold, place=place)
            self._there.add(asset)
