"""The composition root: from a configuration to Workers that answer.

A `World` holds the Workers of a project with their bindings, one clock and one seed. `edge dev`, the
pytest fixtures, the simulator and the benchmarks are thin shells over it.

Products are imported when a configuration asks for them: a Worker without them starts sooner.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.config import DurableBinding, KvBinding, ServiceBinding, WorkerConfig, WorldConfig, member_of
from edge.errors import ConfigError, UserError
from edge.http.host import Host, HttpCompat, Transport
from edge.http.request import Request
from edge.http.response import Response
from edge.http.subrequests import limit_of
from edge.js.json_text import parse
from edge.js.objects import JsObject
from edge.kernel.clock import Clock, VirtualClock, WallClock
from edge.kernel.duration import parse_duration
from edge.kernel.random import RandomStreams
from edge.kernel.spans import NO_SPAN, Tracer, current_span, span
from edge.products import Products, faults_of, kv_places, kv_trouble, network_of
from edge.worker.dialect import Dialect
from edge.worker.isolate import Isolate
from edge.worker.loopback import loopback_of
from edge.worker.service import ScheduledResult, Service, ServiceStub
from edge.worker.view import worker_view

if TYPE_CHECKING:
    from edge.assets.binding import Assets
    from edge.containers.engine import Engine
    from edge.containers.fleet import Fleet
    from edge.durable.host import DurableHost
    from edge.kv.binding import KvNamespace
    from edge.kv.database import Durability
    from edge.kv.logic.staleness import StaleRead
    from edge.network.faults.faults import Faults, Script
    from edge.network.network import Network
    from edge.network.profile import Profile
    from edge.queues.broker import Broker
    from edge.worker.cron_triggers import CronTriggers

Workers = Mapping[str, WorkerConfig]
#: Makes the container engine of a world.
MakeEngine = Callable[["World"], "Engine"]


class World:
    """A project's Workers, running.

    `state_dir` is where data lives between runs (None: in memory only). `durability` is `full` (an
    acknowledged write survives a power cut) or `relaxed` (it survives a killed process). `outbound` is
    where `fetch` and `new WebSocket` lead (None: nowhere, they raise). `network` is how far apart things
    are: a Network, a latency profile, its name or its file (None or "none": nothing is far). `faults` is
    a fault script, its file or its tables; with any, even none yet, `world.faults.add(…)` works. `tracer`
    records spans of what happens (None: nobody does). `worker_time` is the clock that Workers see: `real` or
    `io` (`edge.worker.worker_time`). `engine` makes what runs containers, when a Worker has some.
    `subrequests` is how many an invocation may make (0: any number; None: as each Worker is configured).
    `products` are databases and buckets that others share and close (None: the world's own).
    """

    def __init__(
        self,
        config: WorldConfig,
        *,
        dialect: Dialect,
        clock: Clock | None = None,
        seed: int | None = None,
        state_dir: Path | None = None,
        durability: Durability = "full",
        outbound: Transport | None = None,
        network: Network | Profile | str | Path | None = None,
        faults: Faults | Script | None = None,
        tracer: Tracer | None = None,
        worker_time: str | None = None,
        engine: MakeEngine | None = None,
        subrequests: int | None = None,
        products: Products | None = None,
    ) -> None:
        self.config = config
        #: Records what happens when; None: nobody does.
        self.tracer = tracer
        self.clock = clock or WallClock()
        self.random = RandomStreams(seed)
        #: Places and distance; None: everything is in one place.
        self.network = None if network is None else network_of(network, self.random, self.clock)
        #: What goes wrong, by script; None: nothing does.
        self.faults = None if faults is None else faults_of(faults, self.random, self.clock, self.network)
        self._dialect = dialect
        self._state_dir = state_dir
        self._durability = durability
        self._outbound = outbound
        self._view = worker_view(worker_time, self.clock, self.random)
        self._kv: dict[str, KvNamespace] = {}
        self._shares_products = products is not None
        self._products = products or Products(
            self.clock,
            self.random,
            state_dir,
            durable=durability == "full",
            network=self.network,
            faults=self.faults,
        )
        self._services: dict[str, Service] = {}
        self._replaced: list[Service] = []
        self._assets: dict[str, Assets] = {}
        self._durable: dict[tuple[str, str], DurableHost] = {}
        self._make_engine = engine
        self._subrequests = subrequests
        self._fleet: Fleet | None = None
        self._crons: CronTriggers | None = None
        self._broker: Broker | None = None

    async def start(self) -> None:
        """Load all Workers and arm the alarms. Raises UserError when a Worker does not load."""
        await self._install(self._load(self.config))

    async def dispatch(
        self, request: Request, *, worker: str | None = None, place: str | None = None
    ) -> Response:
        """Answer a request from outside, for a client near `place` (its code or city). A Worker's exception
        leaves as JsException. Raises UnknownPlace."""
        name = worker or self.config.primary.name
        if self.tracer is not None and self.tracer.sampled():
            from edge.trace.request import traced

            answer = self._enter(name, request, place)
            return await traced(self.tracer, request, answer, worker=name, place=place)
        if self.network is None and place is None and self.faults is None:
            return await self._answer(name, request)
        return await self._enter(name, request, place)

    async def _enter(self, name: str, request: Request, place: str | None) -> Response:
        if self.network is None and place is None and self.faults is None:
            return await self._answer(name, request)
        from edge.worker.entry import Entry

        entry = Entry(self.network, self.faults, place)
        return await entry.answer(request, lambda arrived: self._answer(name, arrived))

    async def _answer(self, name: str, request: Request) -> Response:
        assets = self._assets.get(name)
        if assets is not None:
            served = await assets.route(request)
            if served is not None:
                return served
        if self.network is not None:
            await self.network.worker_ready(name, self.network.here())
        if current_span.get() is None:
            return await self._services[name].fetch(request)
        with span("worker.fetch", worker=name):
            return await self._services[name].fetch(request)

    async def scheduled(self, cron: str, time_ms: float, *, worker: str | None = None) -> ScheduledResult:
        """Run a Worker's cron handler."""
        name = worker or self.config.primary.name
        with NO_SPAN if self.tracer is None else self.tracer.entry("scheduled", worker=name, cron=cron) as s:
            result = await self._services[name].scheduled(cron, time_ms)
            s.tag(outcome=result.outcome)
        return result

    @property
    def dialect(self) -> Dialect:
        """The language side of the Workers."""
        return self._dialect

    @property
    def now(self) -> float:
        """The world's time, in seconds since the epoch."""
        return self.clock.now()

    @property
    def now_ms(self) -> int:
        """The world's time as JavaScript's Date.now() gives it: whole milliseconds since the epoch."""
        return self.clock.now_ms()

    async def advance(self, duration: str | float | timedelta) -> None:
        """Let time pass ("1h", "250ms", seconds), with everything that falls due on the way, and everything
        that can still happen at its end. Raises ValueError for what is no duration, RuntimeError in real
        time."""
        await self._virtual_clock("advance").advance(parse_duration(duration))

    async def run_until_idle(self) -> None:
        """Run everything that can run without time passing. Raises RuntimeError in real time."""
        await self._virtual_clock("run_until_idle").run_until_idle()

    def _virtual_clock(self, method: str) -> VirtualClock:
        if not isinstance(self.clock, VirtualClock):
            raise RuntimeError(f"{method}() needs a world on a VirtualClock; this one is in real time")
        return self.clock

    async def reload(self, config: WorldConfig) -> None:
        """Serve new code and configuration; data stays. When the new code does not load, UserError is
        raised and the old one goes on serving."""
        loaded = self._load(config)
        replaced = list(self._services.values())
        self.config = config
        await self._install(loaded)
        for service in replaced:
            service.isolate.close()
        self._replaced = [service for service in [*self._replaced, *replaced] if service.invocations]

    def check(self, config: WorldConfig) -> Mapping[str, float]:
        """Load all Workers of `config` and forget them; how many seconds each took, by name. What runs here
        goes on. Raises UserError when one does not load."""
        hosts_before = dict(self._durable)
        loaded = self._load(config)
        self._durable = hosts_before
        for isolate in loaded.values():
            isolate.close()
        return {name: isolate.startup_s for name, isolate in loaded.items()}

    async def close(self, grace_s: float = 30.0) -> None:
        """Let background work finish (at most `grace_s`), then close all stores."""
        if self._crons is not None:
            self._crons.close()
        if self._broker is not None:
            await self._broker.stop(grace_s)
        services = [*self._replaced, *self._services.values()]
        await asyncio.gather(*(service.drain(grace_s) for service in services))
        await asyncio.gather(*(host.close(grace_s) for host in self._durable.values()))
        if self._fleet is not None:
            await self._fleet.close()
        await asyncio.gather(*(namespace._close() for namespace in self._kv.values()))
        if self._broker is not None:
            await self._broker.close()
        if not self._shares_products:
            await self._products.close()
        for service in self._services.values():
            service.isolate.close()

    @property
    def durable_hosts(self) -> dict[tuple[str, str], DurableHost]:
        """The Durable Object classes that run here, by Worker and class name."""
        return self._durable

    @property
    def state_dir(self) -> Path | None:
        """Where data lives between runs."""
        return self._state_dir

    @property
    def fleet(self) -> Fleet | None:
        """The containers; None in a world without any."""
        return self._fleet

    @property
    def kv_namespaces(self) -> dict[str, KvNamespace]:
        """The KV namespaces in use, by id."""
        return self._kv

    @property
    def broker(self) -> Broker:
        """The queues and who takes from them."""
        if self._broker is None:
            from edge.queues.broker import Broker

            self._broker = Broker(
                self.clock, self.random, self._state_dir, self._durability, self.tracer,
                self.network, self.faults,
            )  # fmt: skip
        return self._broker

    def kv_stale_reads(self) -> dict[str, Sequence[StaleRead]]:
        """What KV answered although it was no longer true, and by how much, by namespace id."""
        return {name: namespace._namespace.stale_reads() for name, namespace in self._kv.items()}

    def _arm_crons(self) -> None:
        """Let cron triggers ring by the world's clock; in real time none does."""
        if isinstance(self.clock, VirtualClock) and any(worker.crons for worker in self.config.workers):
            from edge.worker.cron_triggers import CronTriggers

            self._crons = self._crons or CronTriggers(self.clock, self.scheduled)
            self._crons.arm(self.config.workers)

    async def _install(self, isolates: dict[str, Isolate]) -> None:
        self._services = {name: Service(isolate, self.clock) for name, isolate in isolates.items()}
        self._assets = {
            worker.name: self._products.assets(worker.assets, worker)
            for worker in self.config.workers
            if worker.assets is not None
        }
        for (script, class_name), host in self._durable.items():
            if script in isolates:
                host.class_name = class_name
                await host.reload(isolates[script])
                await host.start()
        if any(worker.containers for worker in self.config.workers):
            from edge.containers.fleet import equipped

            self._fleet = equipped(self._fleet, self, self._make_engine)
        self._arm_crons()
        if self._broker is not None or any(worker.queue_consumers for worker in self.config.workers):
            await self.broker.arm(self.config.workers, lambda name: self._services[name])

    def _load(self, config: WorldConfig) -> dict[str, Isolate]:
        """Load every Worker, or none. Raises UserError."""
        workers = {worker.name: worker for worker in config.workers}
        if len(workers) < len(config.workers):
            raise ConfigError("two Workers have the same name")
        if any(worker.queue_consumers for worker in config.workers):
            self.broker.check(config.workers)
        isolates: dict[str, Isolate] = {}
        hosts_before = dict(self._durable)
        try:
            for name, worker in workers.items():
                env = JsObject(self._bindings(worker, workers))
                limit = limit_of(worker.subrequests_max, self._subrequests)
                compat, shown, caches = HttpCompat.of(worker), self._view.shown, self._products.caches
                host = Host(compat, self.clock, self.random, self._outbound, limit, shown, caches)
                started_s = self.clock.monotonic()
                isolate = Isolate(worker, self._dialect, env, host, views=self._view.modules)
                isolate.startup_s = self.clock.monotonic() - started_s
                isolate.loopback = loopback_of(worker, isolate.exports, lambda name: self._services[name])
                isolates[name] = isolate
            for worker in workers.values():
                for binding in worker.durable:
                    isolates[binding.script or worker.name].require_durable_class(binding.class_name)
        except UserError:
            self._durable = hosts_before
            for isolate in isolates.values():
                isolate.close()
            raise
        return isolates

    def _bindings(self, worker: WorkerConfig, workers: Workers) -> dict[str, Any]:
        """The members of the Worker's `env`, as JavaScript values."""
        bindings: dict[str, Any] = {  # as JavaScript reads them from JSON, where null is null
            name: value if isinstance(value, str) else parse(json.dumps(value))
            for name, value in worker.vars.items()
        }
        bindings.update(worker.secrets)
        bindings.update({kv.name: self._namespace(kv) for kv in worker.kv})
        bindings.update(self._products.bindings(worker))
        if worker.queues:
            bindings.update(self.broker.bindings(worker))
        for durable in worker.durable:
            bindings[durable.name] = self._host(durable, worker, workers).namespace()
        for service in worker.services:
            bindings[service.name] = self._service_stub(service, workers)
        if worker.assets is not None and worker.assets.binding is not None:
            bindings[worker.assets.binding] = self._products.assets(worker.assets, worker)
        return bindings

    def _namespace(self, binding: KvBinding) -> KvNamespace:
        if binding.id not in self._kv:
            from edge.kv.open import open_namespace

            self._kv[binding.id] = open_namespace(
                binding.id,
                self._state_dir,
                self.clock,
                self._durability,
                random=self.random,
                place_model=None if self.network is None else kv_places(self.network),
                trouble=None if self.faults is None else kv_trouble(self.faults, binding),
            )
        return self._kv[binding.id]

    def _service_stub(self, binding: ServiceBinding, workers: Workers) -> ServiceStub:
        member_of(workers, binding.service, f'the service binding "{binding.name}" names')
        return ServiceStub(lambda: self._services[binding.service], binding.entrypoint, binding.props)

    def _host(self, binding: DurableBinding, worker: WorkerConfig, workers: Workers) -> DurableHost:
        from edge.durable.data_name import data_name

        script = binding.script or worker.name
        owner = member_of(workers, script, f'the Durable Object class "{binding.class_name}" is of')
        key = (script, binding.class_name)
        known = {host.unique_key: name for name, host in self._durable.items()}
        unique_key = data_name(owner, binding.class_name, self._state_dir, known)
        if unique_key in known:  # perhaps under the name it had before
            self._durable[key] = self._durable.pop(known[unique_key])
        else:
            from edge.durable.host import DurableHost

            self._durable[key] = DurableHost(
                binding.class_name,
                unique_key=unique_key,
                sqlite=owner.durable_classes.get(binding.class_name, True),
                directory=self._state_dir,
                clock=self.clock,
                random=self.random,
                durability=self._durability,
                network=self.network,
                faults=self.faults,
                tracer=self.tracer,
            )
        return self._durable[key]
