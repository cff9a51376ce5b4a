"""A world with what a test needs: time to move, objects and stores to look into, an internet to script.

Everything is in memory and on a virtual clock, unless the test says otherwise; nothing is shared with the
world of another test.
"""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Final, TypeVar

from edge.config import WorkerConfig, WorldConfig
from edge.errors import UserError
from edge.http.host import enter_host, leave_host
from edge.kernel.clock import Clock, VirtualClock
from edge.kernel.random import RandomStreams
from edge.kv.logic.staleness import StaleRead
from edge.network.here import at_place
from edge.network.outside import Outside
from edge.testing.client import Client
from edge.testing.durable import DurableClass
from edge.testing.kv import KvView
from edge.testing.outbound import Beyond, MockedFetch, MockedInternet
from edge.testing.stall import Stage
from edge.worker.dialect import Dialect
from edge.world import World

if TYPE_CHECKING:
    from random import Random  # noqa: TID251 (a type)

    from edge.testing.queues import QueueView

_T = TypeVar("_T")
SCHEDULES: Final = ("fifo", "seeded")


class UnknownName(UserError, LookupError):
    """A test asked for something the project does not have; the message lists what it has."""


class WorldUnderTest(World):
    """A `World` for one test. `await` its methods in coroutine tests; in others `world.run(…)` them."""

    def __init__(
        self,
        config: WorldConfig,
        *,
        dialect: Dialect,
        clock: Clock | None = None,
        seed: int = 0,
        outbound: Beyond | None = None,
        schedule: str = "fifo",
        patience_s: float = 5.0,
        limit_s: float = 60.0,
        **options: Any,
    ) -> None:
        """`outbound` is where calls lead that no mock answers. `schedule` is the order of what could happen
        at one moment: `fifo`, or `seeded` (drawn from the seed). `options` are those of `World`."""
        clock = clock or VirtualClock()
        self.internet = MockedInternet(clock, outbound)
        self.stage = Stage(clock, order=_order(schedule, seed), patience_s=patience_s, limit_s=limit_s)
        self.seed = seed
        super().__init__(config, dialect=dialect, clock=clock, seed=seed, outbound=self.internet, **options)
        if self.network is not None:
            self.internet.outside = Outside(self.network)

    @property
    def client(self) -> Client:
        """A client of the first Worker."""
        return Client(self)

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run a coroutine to its end, from a test that is none. Raises Stalled when it has none."""
        __tracebackhide__ = True
        return self.stage.run(self._inside(work))

    async def _inside(self, work: Coroutine[Any, Any, _T]) -> _T:
        # Values that the test itself makes (Response, WebSocket …) belong to this world.
        __tracebackhide__ = True
        service = self._services.get(self.config.primary.name)
        tokens = None if service is None else enter_host(service.isolate.host)
        try:
            return await work
        finally:
            if tokens is not None:
                leave_host(tokens)

    async def close(self, grace_s: float = 30.0) -> None:
        await super().close(grace_s)
        await self.internet.close()

    def mock_fetch(self, pattern: Any, handler: Any = None, **answer: Any) -> MockedFetch:
        """Answer what Workers `fetch`: see `MockedInternet.mock`."""
        return self.internet.mock(pattern, handler, **answer)

    @property
    def kv(self) -> KvStores:
        """The KV namespaces: `world.kv("CACHE")` is the one behind a binding."""
        return KvStores(self)

    def durable(self, name: str, *, worker: str | None = None) -> DurableClass:
        """The Durable Object class behind a binding, or of that name. Raises UnknownName."""
        config = self._worker(worker)
        keys = {
            binding.name: (binding.script or config.name, binding.class_name) for binding in config.durable
        }
        classes = {class_name: (script, class_name) for script, class_name in keys.values()}
        key = classes.get(name) or _known(keys, name, "Durable Object namespace", config)
        return DurableClass(self.durable_hosts[key], name)

    def queue(self, name: str, *, worker: str | None = None) -> QueueView:
        """The queue behind a binding, or one that a Worker consumes by its name. Raises UnknownName."""
        from edge.testing.queues import QueueView

        config = self._worker(worker)
        names = {one.name: one.queue for one in config.queues}
        for consumer in config.queue_consumers:
            names[consumer.queue] = consumer.queue
            if consumer.dead_letter_queue is not None:
                names[consumer.dead_letter_queue] = consumer.dead_letter_queue
        queue = _known(names, name, "queue", config)
        return QueueView(self.broker.queue(queue), self.broker.consumer(queue))

    def _worker(self, name: str | None) -> WorkerConfig:
        workers = {worker.name: worker for worker in self.config.workers}
        if name is None:
            return self.config.primary
        if name not in workers:
            raise UnknownName(f"this world has no Worker {name!r}; it has {', '.join(workers)}")
        return workers[name]


class KvStores:
    """The KV namespaces of a world under test."""

    __slots__ = ("_world",)

    def __init__(self, world: WorldUnderTest) -> None:
        self._world = world

    def __call__(self, name: str, *, worker: str | None = None) -> KvView:
        """The namespace behind a binding. Raises UnknownName."""
        config = self._world._worker(worker)
        ids = {binding.name: binding.id for binding in config.kv}
        namespace_id = _known(ids, name, "KV namespace", config)
        return KvView(self._world.kv_namespaces[namespace_id]._namespace, self._at)

    def stale_reads(self) -> list[StaleRead]:
        """Every read that was answered with what was no longer true, the first one first."""
        return sorted(
            (read for reads in self._world.kv_stale_reads().values() for read in reads),
            key=lambda read: read.at_s,
        )

    def _at(self, place: str | None) -> AbstractContextManager[object]:
        if place is None:
            return nullcontext()
        if self._world.network is None:
            raise UnknownName(
                f"this world has no distance (asked for {place!r}): give it a network, for instance "
                '@pytest.mark.edge(network="edge")'
            )
        return at_place(place)


def _order(schedule: str, seed: int) -> Random | None:
    if schedule not in SCHEDULES:
        raise ValueError(f"there is no schedule {schedule!r}; known: {', '.join(SCHEDULES)}")
    return RandomStreams(seed).stream("schedule") if schedule == "seeded" else None


def _known(names: Mapping[str, _T], name: str, what: str, worker: WorkerConfig) -> _T:
    if name not in names:
        known = ", ".join(names) or "none"
        raise UnknownName(f"the Worker {worker.name!r} has no {what} {name!r}; it has {known}")
    return names[name]
