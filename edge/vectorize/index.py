"""An index as all its bindings share it: one request at a time, beside the loop, at a distance.

Source: spec runtime.md section 14; `docs/latency-model.md` (what a query takes, when a mutation shows).
"""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from edge.kernel.clock import Clock
from edge.kernel.random import RandomStreams
from edge.kernel.spans import modelled_span
from edge.kernel.threads import offload
from edge.network.network import Network
from edge.vectorize.logic.request import Options, Vector
from edge.vectorize.store import Match, Store

_T = TypeVar("_T")


class Index:
    """The index `name`; with a `network` its profile says what things take."""

    def __init__(
        self,
        name: str,
        path: Path | None,
        clock: Clock,
        random: RandomStreams,
        network: Network | None = None,
        *,
        synchronous: str = "FULL",
    ) -> None:
        self.name = name
        self.store = Store(path, synchronous=synchronous)
        self._clock = clock
        self._random = random
        self._network = network
        self._one = asyncio.Lock()

    async def dimensions(self) -> int | None:
        """The width of its vectors; None when it has none yet and nobody created it."""
        definition = await self._run(lambda: self.store.definition)
        return None if definition is None else definition.dimensions

    async def insert(self, kind: str, vectors: Sequence[Vector]) -> str:
        """An `insert` or `upsert`. Gives the id of the mutation, durable on return."""
        mutation_id, due_ms = self._mutation()
        await self._run(lambda: self.store.insert(kind, vectors, mutation_id, due_ms))
        return mutation_id

    async def delete(self, ids: Sequence[str]) -> str:
        """Delete by ids. Gives the id of the mutation, durable on return."""
        mutation_id, due_ms = self._mutation()
        await self._run(lambda: self.store.delete(ids, mutation_id, due_ms))
        return mutation_id

    async def get(self, ids: Sequence[str]) -> list[Vector]:
        """The vectors that are there, in the order of the ids."""
        await self._wait()
        return await self._run(lambda: self.store.get(ids, self._now_ms()))

    async def query(self, values: array[float], options: Options) -> list[Match]:
        """The nearest vectors, nearest first."""
        await self._wait()
        return await self._run(lambda: self.store.query(values, options, self._now_ms()))

    async def describe(self) -> dict[str, Any]:
        """Counts and what was processed last."""
        return await self._run(lambda: self.store.describe(self._now_ms()))

    async def close(self) -> None:
        await self._run(self.store.close)

    def _mutation(self) -> tuple[str, float]:
        delay_s = 0.0
        if self._network is not None and self._network.profile.vectorize.visible.high:
            delay_s = self._network.draw_s(
                f"vectorize:visible:{self.name}", self._network.profile.vectorize.visible
            )
        return self._random.uuid(f"vectorize:{self.name}"), self._now_ms() + delay_s * 1000

    async def _wait(self) -> None:
        """Let the time pass that a query takes."""
        if self._network is None or not self._network.profile.vectorize.query.high:
            return
        with modelled_span("vectorize.query", index=self.name):
            spread = self._network.profile.vectorize.query
            await self._clock.sleep(self._network.draw_s(f"vectorize:query:{self.name}", spread))

    def _now_ms(self) -> float:
        return self._clock.now() * 1000

    async def _run(self, work: Callable[[], _T]) -> _T:
        async with self._one:  # a connection serves one thread at a time
            return await offload(self._clock, work)
