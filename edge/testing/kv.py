"""A KV namespace in a test: plain text and bytes in and out, without a Worker.

await world.kv("CACHE").put("greeting", "hello", ttl="60s")
assert await world.kv("CACHE").get("greeting") == "hello"
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

from edge.kernel.duration import parse_duration
from edge.kv.logic.options import PutOptions
from edge.kv.namespace import Namespace

#: Enters a place for the time of one operation (None: stays where it is).
AtPlace = Callable[[str | None], AbstractContextManager[object]]


class KvView:
    """Reads and writes one namespace. `place` is where a read or write is made, in a world with distance."""

    __slots__ = ("_at", "_namespace")

    def __init__(self, namespace: Namespace, at: AtPlace) -> None:
        self._namespace = namespace
        self._at = at

    async def get(self, key: str, *, place: str | None = None, cache_ttl_s: int | None = None) -> str | None:
        """A value as text, or None."""
        value = await self.get_bytes(key, place=place, cache_ttl_s=cache_ttl_s)
        return None if value is None else value.decode("utf-8", "replace")

    async def get_bytes(
        self, key: str, *, place: str | None = None, cache_ttl_s: int | None = None
    ) -> bytes | None:
        """A value as it is stored, or None."""
        with self._at(place):
            return await self._namespace.get(key, cache_ttl_s)

    async def get_json(self, key: str, *, place: str | None = None) -> Any:
        """A value parsed as JSON; None when there is none."""
        value = await self.get_bytes(key, place=place)
        return None if value is None else json.loads(value)

    async def metadata(self, key: str) -> Any:
        """What is remembered with a value, or None."""
        entry = await self._namespace.get_with_metadata(key)
        text = None if entry is None else entry.metadata_json
        return None if text is None else json.loads(text)

    async def put(
        self,
        key: str,
        value: str | bytes,
        *,
        ttl: str | float | timedelta | None = None,
        metadata: Any = None,
        place: str | None = None,
    ) -> None:
        """Store a value; `ttl` is at least 60 seconds, as on the platform. Raises KvRefused."""
        options = PutOptions(
            expiration_ttl_s=None if ttl is None else int(parse_duration(ttl)),
            metadata_json=None if metadata is None else json.dumps(metadata),
        )
        with self._at(place):
            await self._namespace.put(key, value.encode() if isinstance(value, str) else value, options)

    async def delete(self, key: str, *, place: str | None = None) -> None:
        """Remove a key."""
        with self._at(place):
            await self._namespace.delete(key)

    async def keys(self, prefix: str = "", *, place: str | None = None) -> list[str]:
        """All keys that start with `prefix`, in UTF-8 order."""
        names: list[str] = []
        cursor = None
        with self._at(place):
            while True:
                page = await self._namespace.list(prefix, cursor=cursor)
                names += [key.name for key in page.keys]
                cursor = page.cursor
                if cursor is None:
                    return names
