"""The caches of a world: one for each name and each place.

A cache belongs to the place (colo) whose Worker fills it: what one place put, no other finds, and a delete
reaches no other either. In a world without places there is one of each name, and it is the one that
`wrangler dev` has.

Sources: Cloudflare's "Cache" page (contents are not replicated outside of the data center); spec runtime.md
section 7, wrangler.md section 5.1.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from edge.cache.store import Store
from edge.kernel.clock import Clock
from edge.kernel.random import RandomStreams
from edge.network.here import here
from edge.network.home import take
from edge.network.network import Network
from edge.sql.lane import Lane
from edge.sql.location import blob_folder, object_path

_T = TypeVar("_T")
_UNIQUE_KEY = "miniflare-CacheObject"


class PlaceCache:
    """One cache of one place: its store, and the lane of work on it."""

    def __init__(self, store: Store, clock: Clock, *, in_memory: bool) -> None:
        self.clock = clock
        self._store = store
        self._lane = Lane(clock, inline=in_memory)

    async def run(self, work: Callable[[Store], _T]) -> _T:
        """Do `work` on the store, in the order of the calls."""
        return await self._lane.run(lambda: work(self._store))

    async def close(self) -> None:
        await self._lane.drain()
        self._store.close()


class Caches:
    """All caches of a world. `state_dir` is where they lie between runs (None: in memory)."""

    def __init__(
        self,
        clock: Clock,
        random: RandomStreams,
        state_dir: Path | None = None,
        network: Network | None = None,
    ) -> None:
        self._clock = clock
        self._random = random
        self._state_dir = state_dir
        self._network = network
        self._open: dict[str, PlaceCache] = {}

    def at_hand(self, name: str) -> PlaceCache:
        """The cache `name` (`default`, or `named:<name>`) of the place where the caller runs."""
        place = self._place()
        own = name if place is None else f"{name}@{place}"
        if own not in self._open:
            state = self._state_dir
            store = Store(
                None if state is None else object_path(state, "cache", _UNIQUE_KEY, own),
                None if state is None else blob_folder(state, "cache", own),
                self._random,
            )
            self._open[own] = PlaceCache(store, self._clock, in_memory=state is None)
        return self._open[own]

    async def take(self, what: str) -> None:
        """Let the time pass that a `lookup` or a `store` takes where the caller runs."""
        if self._network is not None:
            share = getattr(self._network.profile.cache, what)
            place = self._network.here()
            await take(self._network, "cache", place, what, share, place=place)

    async def close(self) -> None:
        """Finish what is under way and close all files."""
        await asyncio.gather(*(cache.close() for cache in self._open.values()))
        self._open.clear()

    def _place(self) -> str | None:
        return here.get() if self._network is None else self._network.here()
