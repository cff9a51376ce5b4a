"""KV is never staler than promised: a read gives what was true within its cache TTL, and knows the writes of
its own place."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from edge.kernel.clock import Clock
from edge.kv.logic.entry import Entry
from edge.kv.places import PlacedStore
from edge.kv.store import Store
from edge.simulator.checker import Broken, Checker
from edge.simulator.seams import Seams

_INSTANT_S = 1e-6
_Key = tuple[Store, str]


@dataclass(slots=True)
class _Version:
    """What a key was; `until_s` is when the next version was certainly there."""

    entry: Entry | None
    number: int
    until_s: float = math.inf


class KvReads(Checker):
    """Remembers what each key was at the centre, and when."""

    name = "kv-reads"
    promise = (
        "a KV read is at most its cache TTL old, never expired, and not older than its place's last write"
    )

    def __init__(self, clock: Clock, broken: Broken) -> None:
        super().__init__(clock, broken)
        self._versions: dict[_Key, list[_Version]] = {}
        self._own: dict[tuple[Store, str, str], int] = {}
        self._ttl_s = 60.0

    def listen(self, seams: Seams) -> None:
        seams.around(Store, "write", self._on_write)
        seams.around(Store, "read", self._on_central_read)
        seams.around(PlacedStore, "write", self._on_placed_write)
        seams.around(PlacedStore, "read", self._on_placed_read)

    def _history(self, key: _Key) -> list[_Version]:
        return self._versions.setdefault(key, [_Version(None, 0)])

    def _on_write(self, original: Any) -> Any:
        async def write(store: Store, key: str, entry: Entry | None) -> None:
            history = self._history((store, key))
            version = _Version(entry, history[-1].number + 1)
            history.append(version)  # from now on it may be seen
            await original(store, key, entry)
            now_s = self.clock.now()
            for older in history:
                if older.number < version.number:
                    older.until_s = min(older.until_s, now_s)
            oldest_s = now_s - self._ttl_s - 60.0
            history[:] = [kept for kept in history if kept.until_s >= oldest_s]

        return write

    def _on_placed_write(self, original: Any) -> Any:
        async def write(placed: PlacedStore, key: str, entry: Entry | None) -> None:
            place = placed._model.here()
            await original(placed, key, entry)
            store = placed._store
            known = [version.number for version in self._history((store, key)) if version.entry is entry]
            own = (store, place, key)
            self._own[own] = max(self._own.get(own, 0), *known, 0)

        return write

    def _on_central_read(self, original: Any) -> Any:
        async def read(store: Store, key: str) -> Entry | None:
            start_s = self.clock.now()
            found: Entry | None = await original(store, key)
            self._look((store, key), found, start_s, 0)
            return found

        return read

    def _on_placed_read(self, original: Any) -> Any:
        async def read(placed: PlacedStore, key: str, cache_ttl_s: int) -> Entry | None:
            start_s = self.clock.now()
            self._ttl_s = max(self._ttl_s, cache_ttl_s)
            own = self._own.get((placed._store, placed._model.here(), key), 0)
            found: Entry | None = await original(placed, key, cache_ttl_s)
            self._look((placed._store, key), found, start_s - cache_ttl_s, own)
            return found

        return read

    def _look(self, key: _Key, found: Entry | None, since_s: float, own: int) -> None:
        self.checked += 1
        now_ms = self.clock.now_ms()
        if found is not None and _over(found, now_ms):
            self.broke(f"a read of {key[1]!r} gave a value that had expired")
            return
        fitting = [version for version in self._history(key) if _shows(version, found, now_ms)]
        if not fitting:
            self.broke(f"a read of {key[1]!r} gave what is much too old, or was never written")
        elif all(version.until_s < since_s - _INSTANT_S for version in fitting):
            late_s = since_s - max(version.until_s for version in fitting)
            self.broke(f"a read of {key[1]!r} gave a value that was {late_s:.3f} s too old")
        elif all(version.number < own for version in fitting):
            self.broke(f"a read of {key[1]!r} did not know what its own place had written")


def _shows(version: _Version, found: Entry | None, now_ms: int) -> bool:
    if version.entry is None or found is None:
        return found is None and (version.entry is None or _over(version.entry, now_ms))
    return version.entry.value == found.value and version.entry.metadata_json == found.metadata_json


def _over(entry: Entry, now_ms: int) -> bool:
    return entry.expiration_ms is not None and entry.expiration_ms <= now_ms
