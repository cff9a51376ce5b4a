"""A database as it is reached from afar, and with what goes wrong on the way.

A request goes to the primary and back. There one runs at a time, whoever sent it; what was written is
acknowledged when other machines have it, and meanwhile the next one runs. A world without distance and faults
never uses this.

Source: `docs/latency-model.md`; `docs/faults.md`; Cloudflare: D1, Limits (one query at a time).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from edge.d1.store import Answer, Query, QueryFailed, Store
from edge.js.errors import JsException
from edge.network.faults.faults import Faults
from edge.network.faults.storage import StorageTrouble
from edge.network.home import Home
from edge.network.network import Network

_RESET = "Internal error in D1 DB storage caused object to be reset."


class Primary:
    """Where a database lives, awake or asleep; all its bindings share it."""

    def __init__(self, network: Network, names: tuple[str, str]) -> None:
        """`names` are the database's id and one of its bindings."""
        self._home = Home.of(network, "d1", network.profile.d1, names)
        self._figures = network.profile.d1
        self._clock = network.clock
        self._one = asyncio.Lock()
        self._used_s: float | None = None

    async def serve(self, store: Store, queries: Sequence[Query]) -> list[Answer]:
        """Send `queries` there, run them, and bring the answers. Raises `QueryFailed`, and JsException when a
        way breaks."""
        return await self._home.visit("request", self._figures.request, lambda: self._run(store, queries))

    async def _run(self, store: Store, queries: Sequence[Query]) -> list[Answer]:
        async with self._one:
            await self._wake()
            try:
                answers = [await self._timed(answer) for answer in await store.run(queries)]
            finally:
                self._used_s = self._clock.now()
        if any(answer.meta.changed_db for answer in answers):
            await self._home.take("commit", self._figures.commit)
        return answers

    async def _wake(self) -> None:
        if self._used_s is None or self._clock.now() - self._used_s > self._figures.idle_s:
            await self._home.take("wake", self._figures.cold_start)

    async def _timed(self, answer: Answer) -> Answer:
        """The answer of a statement, after the time that it takes."""
        took_s = await self._home.take("query", self._figures.query)
        return replace(answer, meta=replace(answer.meta, duration_ms=answer.meta.duration_ms + took_s * 1000))


class FarStore:
    """What sessions ask of `edge.d1.store.Store`, with the time that it takes and the faults it meets."""

    def __init__(self, store: Store, primary: Primary | None, trouble: StorageTrouble | None) -> None:
        self._store = store
        self._primary = primary
        self._trouble = trouble

    async def run(self, queries: Sequence[Query]) -> list[Answer]:
        """See `Store.run`. A way that breaks is a `QueryFailed`, too, and the queries may have run."""
        failed = None if self._trouble is None else await self._trouble.meet("query")
        if failed is not None:
            raise QueryFailed(failed.options.get("text", _RESET))
        if self._primary is None:
            return await self._store.run(queries)
        try:
            return await self._primary.serve(self._store, queries)
        except JsException as lost:
            raise QueryFailed(lost.message) from lost

    @property
    def bookmark(self) -> str:
        """See `Store.bookmark`."""
        return self._store.bookmark

    async def close(self) -> None:
        """See `Store.close`."""
        await self._store.close()


def far_store(
    store: Store, primary: Primary | None, faults: Faults | None, names: tuple[str, str]
) -> FarStore:
    """A database as one of its bindings reaches it; `names` are its id and the binding's."""
    trouble = None if faults is None else StorageTrouble(faults, "d1", "database", names)
    return FarStore(store, primary, trouble)
