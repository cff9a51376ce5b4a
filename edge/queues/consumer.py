"""Whoever takes messages from a queue: batches that are ripe go to the Worker, what it says decides the rest.

Source: spec runtime.md section 11; Queues "Batching, Retries and Delays", "Dead Letter Queues".
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from edge.config import QueueConsumer
from edge.js.errors import JsException
from edge.kernel.clock import Timer
from edge.kernel.schedule import begin_strand
from edge.kernel.spans import NoSpan, Span
from edge.kernel.tasks import log_failure, spawn
from edge.queues.batch import QueueController
from edge.queues.logic.decisions import Decisions, Retry
from edge.queues.logic.fates import fates
from edge.queues.message import Kept
from edge.queues.queue import Queue
from edge.worker.service import EventResult

_log = logging.getLogger("edge.queues")
#: After a batch could not even be fetched or settled (the disk, say).
_TROUBLE_DELAY_MS = 1000.0

#: Gives a batch to the Worker.
Deliver = Callable[[str, QueueController], Awaitable[EventResult]]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a batch: its message ids, each in one of the lists."""

    queue: str
    outcome: str
    acked: tuple[str, ...] = ()
    retried: tuple[str, ...] = ()
    dead: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()

    @property
    def messages(self) -> int:
        """How many messages the batch had."""
        return sum(map(len, (self.acked, self.retried, self.dead, self.dropped)))


class Consumer:
    """Takes messages from one queue for one Worker, at most `config.max_concurrency` batches at a time."""

    def __init__(
        self,
        queue: Queue,
        config: QueueConsumer,
        deliver: Deliver,
        queue_named: Callable[[str], Queue],
        span: Callable[[int], Span | NoSpan],
    ) -> None:
        """`deliver` gives a batch to the Worker, `span` begins the span of a batch of so many messages."""
        self.config = config
        self._queue = queue
        self._deliver = deliver
        self._queue_named = queue_named
        self._span = span
        self._timer: Timer | None = None
        self._running: dict[asyncio.Task[Delivery | None], None] = {}
        self._stopped = False
        queue.on_arrival = self.look

    def look(self) -> None:
        """Take what is ripe, and look again when something may be."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        config, backlog = self.config, self._queue.backlog
        wait_ms = config.max_batch_timeout_s * 1000
        while not self._stopped and len(self._running) < config.max_concurrency:
            now_ms = self._queue.now_ms()
            if backlog.is_ripe(now_ms, config.max_batch_size, wait_ms):
                self._begin()
                continue
            when_ms = backlog.next_look_ms(now_ms, wait_ms)
            if when_ms is not None:
                self._timer = self._queue.clock.call_at(when_ms / 1000, self.look)
            return

    async def deliver_now(self) -> Delivery | None:
        """Deliver a batch of what is due, full or not, and wait for its end; None when nothing is due."""
        return await self._batch(self._queue.backlog.take(self._queue.now_ms(), self.config.max_batch_size))

    @property
    def busy(self) -> bool:
        """Whether a batch is under way."""
        return bool(self._running)

    def retire(self) -> None:
        """Take no more; what is under way goes on."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()

    async def stop(self, grace_s: float) -> None:
        """Take no more; what is under way may end within `grace_s`, else its messages stay."""
        self.retire()
        running = list(self._running)
        clock = self._queue.clock
        timer = clock.call_at(clock.now() + grace_s, lambda: [task.cancel() for task in running])
        await asyncio.gather(*running, return_exceptions=True)
        timer.cancel()

    def _begin(self) -> None:
        numbers = self._queue.backlog.take(self._queue.now_ms(), self.config.max_batch_size)
        # In a context of its own: who sent the message that made the batch ripe has no part in this.
        context = contextvars.Context()
        context.run(begin_strand)
        task = spawn(self._batch(numbers), name=f"queue {self._queue.name}", context=context)
        self._running[task] = None
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Delivery | None]) -> None:
        del self._running[task]
        log_failure(task)
        if not task.cancelled():
            self.look()

    async def _batch(self, numbers: Sequence[int]) -> Delivery | None:
        try:
            kept = await self._queue.load(numbers)
            return await self._handle(kept) if kept else None
        except Exception:
            # Neither the Worker's doing nor the end of the messages: they are still in the store.
            for number in numbers:
                self._queue.backlog.add(number, self._queue.now_ms() + _TROUBLE_DELAY_MS)
            raise

    async def _handle(self, kept: Sequence[Kept]) -> Delivery:
        decisions = Decisions()
        clock, name = self._queue.clock, self._queue.name
        with self._span(len(kept)) as s:
            started_s = clock.monotonic()
            result = await self._give(kept, decisions)
            took_ms = round((clock.monotonic() - started_s) * 1000)
            if result.error is not None:
                _log.error("%s", result.error)
            delivery = await self._settle(kept, decisions, result.outcome)
            acked = len(delivery.acked)
            s.tag(outcome=result.outcome, acked=acked)
        _log.info("QUEUE %s %d/%d (%dms)", name, acked, len(kept), took_ms)
        return delivery

    async def _give(self, kept: Sequence[Kept], decisions: Decisions) -> EventResult:
        messages = [one.message for one in kept]
        metrics = await self._queue.metrics(without=[one.number for one in kept])
        try:
            controller = QueueController(self._queue.name, messages, metrics, decisions)
        except JsException as unreadable:
            return EventResult("exception", unreadable)
        return await self._deliver(self._queue.name, controller)

    async def _settle(self, kept: Sequence[Kept], decisions: Decisions, outcome: str) -> Delivery:
        """Let every message become what the handler decided, unless a fault strikes."""
        trouble = self._queue.trouble
        is_lost = trouble is not None and trouble.loses_batch()

        def retry_of(message_id: str) -> Retry | None:
            retry = Retry() if is_lost else decisions.of(message_id, succeeded=outcome == "ok")
            if retry is None and trouble is not None and trouble.loses_ack():
                return Retry()
            return retry

        found = fates(kept, retry_of, self.config, self._queue.now_ms())
        dead_letters = self.config.dead_letter_queue
        await self._give_up(found.spent, dead_letters)
        # Moved messages leave after they have arrived: a crash in between leaves them twice, not never.
        await self._queue.settle(
            [one.number for one in (*found.done, *found.spent)],
            [(one.number, due_ms) for one, due_ms in found.again],
        )
        return Delivery(
            self._queue.name,
            outcome,
            acked=_ids(found.done),
            retried=_ids([one for one, _ in found.again]),
            dead=_ids(found.spent) if dead_letters else (),
            dropped=() if dead_letters else _ids(found.spent),
        )

    async def _give_up(self, spent: Sequence[Kept], dead_letters: str | None) -> None:
        """Move the messages to the dead letter queue, if there is one."""
        attempts = f"{self.config.max_retries + 1} failed attempt{'s' * (self.config.max_retries > 0)}"
        for one in spent:
            what = f'message "{one.message.id}" on queue "{self._queue.name}"'
            if dead_letters:
                _log.warning('Moving %s to dead letter queue "%s" after %s...', what, dead_letters, attempts)
            else:
                _log.warning("Dropped %s after %s!", what, attempts)
        if spent and dead_letters:
            moved = [(one.message.anew(), 0.0) for one in spent]
            await self._queue_named(dead_letters).keep(moved)


def _ids(kept: Sequence[Kept]) -> tuple[str, ...]:
    return tuple(one.message.id for one in kept)
