"""The products that need no Worker of their own: D1, R2, Vectorize, caches, rate limits, Analytics Engine.

Each is imported when a configuration asks for it, and opened once for all bindings that name it.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.config import AssetsConfig, D1Binding, KvBinding, R2Binding, WorkerConfig
from edge.kernel.clock import Clock
from edge.kernel.random import RandomStreams

if TYPE_CHECKING:
    from edge.assets.binding import Assets
    from edge.assets.distance import AssetPlaces
    from edge.cache.caches import Caches
    from edge.d1.far import FarStore, Primary
    from edge.d1.store import Store
    from edge.kv.distance import KvTrouble
    from edge.kv.places import PlaceModel
    from edge.network.faults.faults import Faults, Script
    from edge.network.network import Network
    from edge.network.profile import Profile
    from edge.r2.bucket import Bucket
    from edge.r2.far import FarBucket
    from edge.ratelimit.counters import Counters
    from edge.vectorize.index import Index


class Products:
    """What is open of them in a world."""

    def __init__(
        self,
        clock: Clock,
        random: RandomStreams,
        state_dir: Path | None,
        *,
        durable: bool,
        network: Network | None = None,
        faults: Faults | None = None,
    ) -> None:
        self._clock = clock
        self._random = random
        self._state_dir = state_dir
        self._durable = durable
        self._network = network
        self._faults = faults
        self._databases: dict[str, Store] = {}
        self._primaries: dict[str, Primary] = {}
        self._buckets: dict[str, Bucket] = {}
        self._indexes: dict[str, Index] = {}
        self._counters: dict[str, Counters] = {}
        self._caches: Caches | None = None
        self._asset_places: AssetPlaces | None = None

    def caches(self) -> Caches:
        """What the global `caches` of all Workers opens."""
        if self._caches is None:
            from edge.cache.caches import Caches

            self._caches = Caches(self._clock, self._random, self._state_dir, self._network)
        return self._caches

    def bindings(self, worker: WorkerConfig) -> dict[str, Any]:
        """The members of the Worker's `env` that are of these products."""
        found: dict[str, Any] = {}
        if worker.d1:
            from edge.d1.binding import D1Database

            found.update({d1.name: D1Database(self._reached_database(d1)) for d1 in worker.d1})
        if worker.r2:
            from edge.r2.binding import R2Bucket

            found.update({r2.name: R2Bucket(self._reached_bucket(r2)) for r2 in worker.r2})
        if worker.vectorize:
            from edge.vectorize.binding import VectorizeIndexImpl

            found.update({one.name: VectorizeIndexImpl(self._index(one.index)) for one in worker.vectorize})
        if worker.rate_limits:
            from edge.network.here import here
            from edge.ratelimit.binding import Ratelimit

            for rate in worker.rate_limits:
                counters = self._rate_counters(rate.namespace_id)
                where = here.get if self._network is None else self._network.here
                found[rate.name] = Ratelimit(counters, self._clock, rate.limit, rate.period_s, where)
        if worker.analytics:
            from edge.analytics.binding import LocalAnalyticsEngineDataset

            found.update({name: LocalAnalyticsEngineDataset() for name in worker.analytics})
        return found

    async def close(self) -> None:
        """Finish what is under way and close all files."""
        await asyncio.gather(
            *(() if self._caches is None else [self._caches.close()]),
            *(database.close() for database in self._databases.values()),
            *(bucket.close() for bucket in self._buckets.values()),
            *(index.close() for index in self._indexes.values()),
        )

    def database(self, database_id: str) -> Store:
        """What the bindings of a D1 database share."""
        if database_id not in self._databases:
            from edge.d1.open import open_store

            synchronous = "FULL" if self._durable else "NORMAL"
            self._databases[database_id] = open_store(
                database_id, self._state_dir, self._clock, synchronous=synchronous
            )
        return self._databases[database_id]

    async def remove_database(self, database_id: str) -> None:
        """Close a D1 database and remove its data."""
        await self.database(database_id).close()
        del self._databases[database_id]
        if self._state_dir is not None:
            from edge.d1.open import database_path

            path = database_path(self._state_dir, database_id)
            for file in path.parent.glob(f"{path.name}*"):
                file.unlink()

    def bucket(self, name: str) -> Bucket:
        """What the bindings of an R2 bucket share."""
        if name not in self._buckets:
            from edge.r2.open import open_store

            self._buckets[name] = open_store(
                name, self._state_dir, self._clock, self._random, durable=self._durable
            )
        return self._buckets[name]

    def assets(self, config: AssetsConfig, worker: WorkerConfig) -> Assets:
        """A Worker's static files."""
        from edge.assets.binding import Assets

        if self._network is not None and self._asset_places is None:
            from edge.assets.distance import AssetPlaces

            self._asset_places = AssetPlaces(self._network)
        return Assets(config, worker, self._asset_places)

    def _reached_database(self, binding: D1Binding) -> Store | FarStore:
        """A D1 database as Workers reach it."""
        store, names = self.database(binding.id), (binding.id, binding.name)
        if self._network is None and self._faults is None:
            return store
        from edge.d1.far import Primary, far_store

        if self._network is not None and binding.id not in self._primaries:
            self._primaries[binding.id] = Primary(self._network, names)
        return far_store(store, self._primaries.get(binding.id), self._faults, names)

    def _reached_bucket(self, binding: R2Binding) -> Bucket | FarBucket:
        """A bucket as Workers reach it."""
        bucket = self.bucket(binding.bucket)
        if self._network is None and self._faults is None:
            return bucket
        from edge.r2.far import far_bucket

        names = (binding.bucket, binding.name)
        return far_bucket(bucket, self._clock, self._network, self._faults, names)

    def _index(self, name: str) -> Index:
        if name not in self._indexes:
            from edge.vectorize.index import Index
            from edge.vectorize.open import index_path

            self._indexes[name] = Index(
                name,
                None if self._state_dir is None else index_path(self._state_dir, name),
                self._clock,
                self._random,
                self._network,
                synchronous="FULL" if self._durable else "NORMAL",
            )
        return self._indexes[name]

    def _rate_counters(self, namespace_id: str) -> Counters:
        from edge.ratelimit.counters import Counters

        return self._counters.setdefault(namespace_id, Counters())


def kv_trouble(faults: Faults, binding: KvBinding) -> KvTrouble:
    """What goes wrong with a KV namespace."""
    from edge.kv.distance import KvTrouble

    return KvTrouble(faults, (binding.id, binding.name))


def kv_places(network: Network) -> PlaceModel:
    """Where KV has its copies, and what reaching them takes."""
    from edge.kv.distance import KvPlaces

    return KvPlaces(network)


def network_of(choice: Network | Profile | str | Path, random: RandomStreams, clock: Clock) -> Network | None:
    """The network that was asked for; None for none. Raises UserError."""
    from edge.network.network import open_network

    return open_network(choice, random, clock)


def faults_of(
    choice: Faults | Script, random: RandomStreams, clock: Clock, network: Network | None
) -> Faults | None:
    """The faults that were asked for, at work in `network`. Raises FaultError."""
    from edge.network.faults.faults import open_faults

    return open_faults(choice, random, clock, network)
