"""A KV namespace for Python callers: checked operations on bytes and text.

The JavaScript face is `binding.py`; the command line and tests use this one. Refusals are
`KvRefused` and `KeyNameRejected` with Cloudflare's texts, failures of storage `KvStorageError`.

Source: spec kv.md sections 1 to 6.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from edge.http.buffers import decode_text
from edge.kernel.clock import Clock
from edge.kv.logic.entry import Entry
from edge.kv.logic.keys import check_key, check_stored_key
from edge.kv.logic.listing import Page, plan
from edge.kv.logic.options import (
    CACHE_TTL_S_DEFAULT,
    VALUE_BYTES_MAX,
    PutOptions,
    check_bulk,
    check_bulk_size,
    check_cache_ttl,
    check_metadata,
    check_value_size,
    resolve_expiration,
)
from edge.kv.logic.refusal import KvRefused
from edge.kv.logic.staleness import StaleRead
from edge.kv.places import PlacedStore, PlaceModel
from edge.kv.store import Store


@dataclass(frozen=True, slots=True)
class BulkValue:
    """One key's answer in a bulk read."""

    value: Any
    metadata_json: str | None


_DEFAULTS = PutOptions()


class Trouble(Protocol):
    """What may befall operations (get, put, delete, list)."""

    @property
    def possible(self) -> bool:
        """Whether anything can go wrong."""
        ...

    def meet(self, operation: str) -> None:
        """May raise KvRefused in the place of an operation."""
        ...


class Namespace:
    """Keys and values. Strongly consistent, unless `place_model` gives each place its own copies."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        place_model: PlaceModel | None = None,
        *,
        trouble: Trouble | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._places = None if place_model is None else PlacedStore(store, clock, place_model)
        self._trouble = trouble

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._store.closed

    def peek(self, key: str) -> Entry | None:
        """What a read would give, when memory knows: an entry or `ABSENT`. None when it does not."""
        # With distance every read takes its time, and with faults it may fail: no looking up in passing.
        if self._places is not None or (self._trouble is not None and self._trouble.possible):
            return None
        return self._store.peek(key)

    async def get(self, key: str, cache_ttl_s: int | None = None) -> bytes | None:
        """The value of `key`, or None."""
        entry = await self.get_with_metadata(key, cache_ttl_s)
        return None if entry is None else entry.value

    async def get_with_metadata(self, key: str, cache_ttl_s: int | None = None) -> Entry | None:
        """The entry of `key`, or None."""
        check_key(key)
        check_cache_ttl(cache_ttl_s)
        self._meet_trouble("get")
        return await self._read(key, cache_ttl_s)

    async def get_bulk(
        self,
        keys: Sequence[str],
        type_name: str | None = None,
        cache_ttl_s: int | None = None,
        decode: Callable[[str], Any] = str,
    ) -> dict[str, BulkValue | None]:
        """The values of up to 100 keys, each as `decode` makes it of its text, in the order of `keys`."""
        check_bulk(keys, type_name)
        found: dict[str, BulkValue | None] = {}
        texts: list[str] = []
        self._meet_trouble("get")
        sound, refusal = _up_to_refusal(keys, cache_ttl_s)
        for key, entry in zip(sound, await self._read_all(sound, cache_ttl_s), strict=True):
            if entry is None:
                found[key] = None
                continue
            texts.append(decode_text(entry.value))
            found[key] = BulkValue(decode(texts[-1]), entry.metadata_json)
        if refusal is not None:
            raise refusal
        check_bulk_size(texts)
        return found

    async def put(
        self, key: str, value: bytes | AsyncIterable[bytes], options: PutOptions = _DEFAULTS
    ) -> None:
        """Store `value` under `key`, replacing value, metadata and expiration; durable on return."""
        entry = self.checked(key, value if isinstance(value, bytes) else b"", options)
        if not isinstance(value, bytes):
            entry = replace(entry, value=await _collected(value))
        self._meet_trouble("put")
        await self._write(key, entry)

    def checked(self, key: str, value: bytes, options: PutOptions = _DEFAULTS) -> Entry:
        """What `put` would write, refused as it would be."""
        check_key(key)
        now_s = self._clock.now_ms() // 1000
        expiration_s = resolve_expiration(now_s, options.expiration_s, options.expiration_ttl_s)
        check_metadata(options.metadata_json)
        check_value_size(len(value))
        return Entry(value, options.metadata_json, None if expiration_s is None else expiration_s * 1000)

    async def write_all(self, changes: Mapping[str, Entry | None]) -> None:
        """Put every entry and remove every key whose entry is None: durable together, or not at all. For
        callers that are in no place."""
        assert self._places is None, "writes that have a way to go arrive one by one"
        await self._store.write_all(changes)

    async def delete(self, key: str) -> None:
        """Remove `key`; no error when it is not there. Durable on return."""
        check_key(key)
        self._meet_trouble("delete")
        await self._write(key, None)

    async def list(self, prefix: str = "", limit: int = 0, cursor: str | None = None) -> Page:
        """The keys that start with `prefix`, in UTF-8 order, after `cursor`; at most `limit` (1,000)."""
        stretch = plan(prefix, cursor, limit)
        self._meet_trouble("list")
        return await (self._store if self._places is None else self._places).list(stretch)

    def stale_reads(self) -> Sequence[StaleRead]:
        """The last reads (10,000 at most) that were answered from a copy that was no longer true, and for
        how long it had not been. Without distance there are none."""
        return () if self._places is None else tuple(self._places.stale_reads)

    @property
    def stale_read_count(self) -> int:
        """How many such reads there were in all."""
        return 0 if self._places is None else self._places.stale_read_count

    async def close(self) -> None:
        """Close the store beneath."""
        await self._store.close()

    def _meet_trouble(self, operation: str) -> None:
        if self._trouble is not None:
            self._trouble.meet(operation)

    async def _read_all(self, keys: Sequence[str], cache_ttl_s: int | None) -> Sequence[Entry | None]:
        if self._places is None:
            return [await self._store.read(key) for key in keys]
        # One operation: the keys go the way together.
        return await asyncio.gather(*(self._read(key, cache_ttl_s) for key in keys))

    async def _read(self, key: str, cache_ttl_s: int | None) -> Entry | None:
        if self._places is None:
            return await self._store.read(key)
        return await self._places.read(key, CACHE_TTL_S_DEFAULT if cache_ttl_s is None else cache_ttl_s)

    async def _write(self, key: str, entry: Entry | None) -> None:
        await (self._store if self._places is None else self._places).write(key, entry)


def _up_to_refusal(keys: Sequence[str], cache_ttl_s: int | None) -> tuple[Sequence[str], KvRefused | None]:
    """The keys of a bulk read before the first that is refused: values are looked at in order, and one that
    cannot be decoded counts first."""
    for index, key in enumerate(keys):
        try:
            check_stored_key(key)
            check_cache_ttl(cache_ttl_s)
        except KvRefused as refusal:
            return keys[:index], refusal
    return keys, None


async def _collected(chunks: AsyncIterable[bytes]) -> bytes:
    """All of a stream. One that is too long is read to its end all the same: the refusal names its length."""
    parts: list[bytes] = []
    size_bytes = 0
    async for chunk in chunks:
        size_bytes += len(chunk)
        if size_bytes <= VALUE_BYTES_MAX:
            parts.append(chunk)
        else:
            parts.clear()
    check_value_size(size_bytes)
    return b"".join(parts)
