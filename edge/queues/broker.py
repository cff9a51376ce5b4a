"""All queues of a world, and who takes from them.

Source: spec runtime.md section 11 (one consumer a queue).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, Literal

from edge.config import QueueConsumer, WorkerConfig
from edge.errors import ConfigError
from edge.kernel.clock import Clock
from edge.kernel.random import RandomStreams
from edge.kernel.spans import NO_SPAN, NoSpan, Span, Tracer
from edge.network.faults.faults import Faults
from edge.network.network import Network
from edge.queues.batch import QueueController
from edge.queues.binding import WorkerQueue
from edge.queues.consumer import Consumer
from edge.queues.queue import Queue
from edge.queues.store import queue_path
from edge.queues.trouble import QueueTrouble
from edge.worker.service import EventResult, Service

Durability = Literal["full", "relaxed"]
#: Finds a Worker under its current code.
FindService = Callable[[str], Service]


class Broker:
    """The queues by name; each is opened once for all that name it."""

    def __init__(
        self,
        clock: Clock,
        random: RandomStreams,
        state_dir: Path | None,
        durability: Durability = "full",
        tracer: Tracer | None = None,
        network: Network | None = None,
        faults: Faults | None = None,
    ) -> None:
        self._clock = clock
        self._random = random
        self._state_dir = state_dir
        self._tracer = tracer
        self._network = network
        self._faults = faults
        self._synchronous = "FULL" if durability == "full" else "NORMAL"
        self._queues: dict[str, Queue] = {}
        self._consumers: dict[str, Consumer] = {}
        #: Consumers that a reload replaced, while their last batches are under way.
        self._leaving: list[Consumer] = []

    def queue(self, name: str) -> Queue:
        """The queue `name`, made when it is first asked for."""
        if name not in self._queues:
            path = None if self._state_dir is None else queue_path(self._state_dir, name)
            self._queues[name] = Queue(
                name,
                path,
                self._clock,
                self._random,
                synchronous=self._synchronous,
                network=self._network,
                trouble=None if self._faults is None else QueueTrouble(self._faults, name),
            )
        return self._queues[name]

    def consumer(self, name: str) -> Consumer | None:
        """Who takes from the queue `name`."""
        return self._consumers.get(name)

    def bindings(self, worker: WorkerConfig) -> dict[str, Any]:
        """The members of the Worker's `env` that are queues."""
        default_type = "json" if worker.has_flag("queues_json_messages", "2024-03-18") else "v8"
        exposes_codes = worker.has_flag("queue_expose_error_codes", "2026-03-12")
        return {
            one.name: WorkerQueue(
                self.queue(one.queue),
                delay_s=one.delivery_delay_s,
                default_type=default_type,
                exposes_codes=exposes_codes,
            )
            for one in worker.queues
        }

    @staticmethod
    def check(workers: Iterable[WorkerConfig]) -> None:
        """Whether these Workers can take from their queues. Raises ConfigError."""
        consumers_of(workers)

    async def arm(self, workers: Iterable[WorkerConfig], find: FindService) -> None:
        """Let these Workers take from their queues, and no others, from now on. Raises ConfigError."""
        wanted = consumers_of(workers)
        self._leaving += self._consumers.values()
        for consumer in self._leaving:
            consumer.retire()
        self._leaving = [consumer for consumer in self._leaving if consumer.busy]
        self._consumers = {}
        for name in wanted:
            self.queue(name)
        for queue in self._queues.values():
            await queue.open()
        for name, (worker, config) in wanted.items():
            queue = self.queue(name)
            deliver = partial(_give, find, worker)
            span = partial(self._span, worker, name)
            self._consumers[name] = Consumer(queue, config, deliver, self.queue, span)
            self._consumers[name].look()

    def _span(self, worker: str, queue: str, messages: int) -> Span | NoSpan:
        if self._tracer is None:
            return NO_SPAN
        return self._tracer.entry("queue.batch", queue=queue, worker=worker, messages=messages)

    async def stop(self, grace_s: float) -> None:
        """Deliver no more; what is under way may end within `grace_s`."""
        everybody = (*self._leaving, *self._consumers.values())
        await asyncio.gather(*(consumer.stop(grace_s) for consumer in everybody))

    async def close(self) -> None:
        """Close all files."""
        await asyncio.gather(*(queue.close() for queue in self._queues.values()))


def consumers_of(workers: Iterable[WorkerConfig]) -> dict[str, tuple[str, QueueConsumer]]:
    """Who takes from which queue: Worker and settings by queue. Raises ConfigError for two that want the
    same, and for a queue that is its own dead letter queue."""
    found: dict[str, tuple[str, QueueConsumer]] = {}
    for worker in workers:
        for consumer in worker.queue_consumers:
            name = consumer.queue
            if name in found:
                other = found[name][0]
                text = f'Multiple consumers defined for queue "{name}": "{other}" and "{worker.name}"'
                raise ConfigError(text)
            if consumer.dead_letter_queue == name:
                raise ConfigError(f'Dead letter queue for queue "{name}" cannot be itself')
            found[name] = (worker.name, consumer)
    return found


async def _give(find: FindService, worker: str, queue: str, batch: QueueController) -> EventResult:
    """Run a Worker's queue handler on a batch."""
    return await find(worker).queue(queue, batch)
