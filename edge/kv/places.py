"""KV with distance: each place answers from its own copies, and pays for the way to the centre.

This is the shell around `logic/replica.py`; a world without a model of its network never uses it, and
its KV is strongly consistent. What a list shows is cached like a value, for 60 seconds. Places of a
region may share a second cache; a copy from there is as old as it is there, so that no answer is ever
older than the reader's own `cacheTtl`.
"""

from __future__ import annotations

import contextvars
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from edge.kernel.clock import Clock
from edge.kernel.spans import tag
from edge.kernel.tasks import log_failure, spawn
from edge.kv.logic.entry import Entry
from edge.kv.logic.listing import Page, Stretch
from edge.kv.logic.options import CACHE_TTL_S_DEFAULT
from edge.kv.logic.refusal import KvRefused
from edge.kv.logic.replica import Fetch, Hit, Replica
from edge.kv.logic.staleness import Changes, StaleRead
from edge.kv.logic.write_rate import WriteRate
from edge.kv.store import Store

STALE_READS_KEPT_MAX = 10_000


class Leg(Enum):
    """A stretch of the way that an operation pays for."""

    CACHE = "cache"  # within the place
    REGION = "region"  # to the region's cache and back
    TO_CENTRE = "to_centre"
    READ = "read"  # at the centre
    WRITE = "write"  # at the centre
    FROM_CENTRE = "from_centre"


class PlaceModel(Protocol):
    """Where code runs, and what distance costs."""

    def here(self) -> str:
        """The place of the invocation that runs now."""
        ...

    def region(self, place: str) -> str | None:
        """The region whose places share a second cache with `place`; None when there is no such cache."""
        ...

    async def travel(self, place: str, leg: Leg) -> None:
        """Let the time pass that `leg` takes from or to `place`."""
        ...


@dataclass(frozen=True, slots=True)
class Held:
    """What a place remembers of a key: an entry or None, as of a count of changes at the centre."""

    entry: Entry | None
    as_of: int

    @property
    def expires_at_s(self) -> float | None:
        if self.entry is None or self.entry.expiration_ms is None:
            return None
        return self.entry.expiration_ms / 1000


Copies = Replica[str, Held]
FetchCopy = Callable[[str, Copies, Fetch[str]], Coroutine[Any, Any, object]]


class PlacedStore:
    """The store as seen from the place of whoever asks."""

    def __init__(self, store: Store, clock: Clock, model: PlaceModel) -> None:
        self._store = store
        self._clock = clock
        self._model = model
        self._values: dict[str, Copies] = {}
        self._regions: dict[str, Copies] = {}
        self._lists: dict[str, Replica[Stretch, Page]] = {}
        self._write_rate = WriteRate()
        self._changes = Changes()
        #: The last reads that were answered from a stale copy, and how many there were in all.
        self.stale_reads: deque[StaleRead] = deque(maxlen=STALE_READS_KEPT_MAX)
        self.stale_read_count = 0

    async def read(self, key: str, cache_ttl_s: int) -> Entry | None:
        """The entry of `key` as this place knows it: up to `cache_ttl_s` old."""
        place = self._model.here()
        self._changes.note_ttl(cache_ttl_s)
        replica = self._values.setdefault(place, Replica())
        hit = replica.read(key, cache_ttl_s, self._clock.now())
        if hit is None:
            tag(cache="miss")
            fetch = replica.begin_fetch(key, cache_ttl_s, self._clock.now())
            return self._unexpired(await self._fetch(place, replica, fetch))
        if hit.refresh:
            self._in_background(self._fetch, place, replica, key, cache_ttl_s)
        tag(cache="hit", age_s=hit.age_s)
        await self._model.travel(place, Leg.CACHE)
        self._note_stale(place, key, hit)
        assert hit.value is not None, "absence is held like a value"
        # The way through the place takes time too: what expired on it is gone.
        return self._unexpired(hit.value.entry)

    async def write(self, key: str, entry: Entry | None) -> None:
        """Put `entry`, or remove `key`. Raises `KvRefused` (429) beyond one write a second."""
        place = self._model.here()
        if not self._write_rate.allow(key, self._clock.now()):
            raise KvRefused(429, "Too Many Requests")
        await self._model.travel(place, Leg.TO_CENTRE)
        await self._model.travel(place, Leg.WRITE)
        await self._store.write(key, entry)
        self._changes.changed(key, self._clock.now())
        self._values.setdefault(place, Replica()).invalidate(key)
        region = self._model.region(place)
        if region is not None:
            self._regions.setdefault(region, Replica()).invalidate(key)
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
            await self._model.travel(place, Leg.READ)
            page = await self._store.list(stretch)
            await self._model.travel(place, Leg.FROM_CENTRE)
        except BaseException:
            replica.fail_fetch(fetch)
            raise
        replica.end_fetch(fetch, page, None)
        return page

    # -- fetching

    async def _fetch(self, place: str, replica: Copies, fetch: Fetch[str]) -> Entry | None:
        """Answer a read that the place cannot, and keep the answer as its copy."""
        try:
            region = self._model.region(place)
            if region is None:
                held, known_at_s = await self._ask_centre(place, fetch.key), fetch.sent_at_s
            else:
                held, known_at_s = await self._ask_region(place, region, fetch)
        except BaseException:
            replica.fail_fetch(fetch)
            raise
        replica.end_fetch(fetch, held, held.expires_at_s, known_at_s=min(known_at_s, fetch.sent_at_s))
        return held.entry

    async def _ask_region(self, place: str, region: str, fetch: Fetch[str]) -> tuple[Held, float]:
        """What the region's cache holds, and since when it knows; the centre's answer when it has none."""
        await self._model.travel(place, Leg.REGION)
        tier = self._regions.setdefault(region, Replica())
        now_s = self._clock.now()
        hit = tier.read(fetch.key, fetch.ttl_s, now_s)
        if hit is not None and hit.value is not None and not fetch.overtaken:
            if hit.refresh:
                self._in_background(self._fetch_for_region, place, tier, fetch.key, fetch.ttl_s)
            tag(cache="regional", age_s=hit.age_s)
            self._note_stale(place, fetch.key, hit)
            return hit.value, now_s - hit.age_s
        asked = tier.begin_fetch(fetch.key, fetch.ttl_s, now_s)
        return await self._fetch_for_region(place, tier, asked), now_s

    async def _fetch_for_region(self, place: str, tier: Copies, fetch: Fetch[str]) -> Held:
        try:
            held = await self._ask_centre(place, fetch.key)
        except BaseException:
            tier.fail_fetch(fetch)
            raise
        tier.end_fetch(fetch, held, held.expires_at_s)
        return held

    async def _ask_centre(self, place: str, key: str) -> Held:
        await self._model.travel(place, Leg.TO_CENTRE)
        await self._model.travel(place, Leg.READ)
        held = Held(await self._store.read(key), self._changes.count)
        await self._model.travel(place, Leg.FROM_CENTRE)
        return held

    def _in_background(
        self, fetch_copy: FetchCopy, place: str, replica: Copies, key: str, ttl_s: float
    ) -> None:
        refresh = fetch_copy(place, replica, replica.begin_fetch(key, ttl_s, self._clock.now()))
        # Nobody's work in particular, so it stands under nobody's gates.
        task = spawn(refresh, name="kv.refresh", context=contextvars.Context())
        task.add_done_callback(log_failure)

    # -- what was answered

    def _unexpired(self, entry: Entry | None) -> Entry | None:
        return None if entry is None or entry.expired(self._clock.now_ms()) else entry

    def _note_stale(self, place: str, key: str, hit: Hit[Held]) -> None:
        assert hit.value is not None
        now_s = self._clock.now()
        stale_s = self._changes.stale_s(key, hit.value.as_of, now_s)
        if stale_s is not None:
            self.stale_read_count += 1
            tag(cache="stale", stale_s=stale_s)
            self.stale_reads.append(StaleRead(key, place, now_s, stale_s, hit.age_s))
