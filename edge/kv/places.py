"""KV with distance: each place answers from its own copies, and pays for the way to the centre.

This is the shell around `logic/replica.py`; a world without a model of its network never uses it, and
its KV is strongly consistent. What a list shows is cached like a value, for 60 seconds.
"""

from __future__ import annotations

import contextvars
from enum import Enum
from typing import Protocol

from edge.kernel.clock import Clock
from edge.kernel.tasks import log_failure, spawn
from edge.kv.logic.entry import Entry
from edge.kv.logic.listing import Page, Stretch
from edge.kv.logic.options import CACHE_TTL_S_DEFAULT
from edge.kv.logic.refusal import KvRefused
from edge.kv.logic.replica import Fetch, Replica
from edge.kv.logic.write_rate import WriteRate
from edge.kv.store import Store


class Leg(Enum):
    """A stretch of the way that an operation pays for."""

    CACHE = "cache"  # within the place
    TO_CENTRE = "to_centre"
    FROM_CENTRE = "from_centre"


class PlaceModel(Protocol):
    """Where code runs, and what distance costs."""

    def here(self) -> str:
        """The place of the invocation that runs now."""
        ...

    async def travel(self, place: str, leg: Leg) -> None:
        """Let the time pass that `leg` takes from or to `place`."""
        ...


class PlacedStore:
    """The store as seen from the place of whoever asks."""

    def __init__(self, store: Store, clock: Clock, model: PlaceModel) -> None:
        self._store = store
        self._clock = clock
        self._model = model
        self._values: dict[str, Replica[str, Entry]] = {}
        self._lists: dict[str, Replica[Stretch, Page]] = {}
        self._write_rate = WriteRate()

    async def read(self, key: str, cache_ttl_s: int) -> Entry | None:
        """The entry of `key` as this place knows it: up to `cache_ttl_s` old."""
        place = self._model.here()
        replica = self._values.setdefault(place, Replica())
        hit = replica.read(key, cache_ttl_s, self._clock.now())
        if hit is None:
            fetch = replica.begin_fetch(key, cache_ttl_s, self._clock.now())
            return await self._fetch(place, replica, fetch)
        if hit.refresh:
            fetch = replica.begin_fetch(key, cache_ttl_s, self._clock.now())
            refresh = self._fetch(place, replica, fetch)
            # Nobody's work in particular, so it stands under nobody's gates.
            task = spawn(refresh, name="kv.refresh", context=contextvars.Context())
            task.add_done_callback(log_failure)
        await self._model.travel(place, Leg.CACHE)
        # The way through the place takes time too: what expired on it is gone.
        return None if hit.value is None or hit.value.expired(self._clock.now_ms()) else hit.value

    async def write(self, key: str, entry: Entry | None) -> None:
        """Put `entry`, or remove `key`. Raises `KvRefused` (429) beyond one write a second."""
        place = self._model.here()
        if not self._write_rate.allow(key, self._clock.now()):
            raise KvRefused(429, "Too Many Requests")
        await self._model.travel(place, Leg.TO_CENTRE)
        await self._store.write(key, entry)
        self._values.setdefault(place, Replica()).invalidate(key)
        await self._model.travel(place, Leg.FROM_CENTRE)

    async def list(self, stretch: Stretch) -> Page:
        """The keys of `stretch` as this place knows them: up to 60 seconds old."""
        place = self._model.here()
        replica = self._lists.setdefault(place, Replica())
        hit = replica.read(stretch, CACHE_TTL_S_DEFAULT, self._clock.now())
        if hit is not None and hit.value is not None:
            await self._model.travel(place, Leg.CACHE)
            return hit.value
        fetch = replica.begin_fetch(stretch, CACHE_TTL_S_DEFAULT, self._clock.now())
        try:
            await self._model.travel(place, Leg.TO_CENTRE)
            page = await self._store.list(stretch)
            await self._model.travel(place, Leg.FROM_CENTRE)
        except BaseException:
            replica.fail_fetch(fetch)
            raise
        replica.end_fetch(fetch, page, None)
        return page

    async def _fetch(self, place: str, replica: Replica[str, Entry], fetch: Fetch[str]) -> Entry | None:
        try:
            await self._model.travel(place, Leg.TO_CENTRE)
            entry = await self._store.read(fetch.key)
            await self._model.travel(place, Leg.FROM_CENTRE)
        except BaseException:
            replica.fail_fetch(fetch)
            raise
        expiration_ms = None if entry is None else entry.expiration_ms
        replica.end_fetch(fetch, entry, None if expiration_ms is None else expiration_ms / 1000)
        return None if entry is None or entry.expired(self._clock.now_ms()) else entry
