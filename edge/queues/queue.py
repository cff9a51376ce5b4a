"""One queue as all its bindings and its consumer share it.

Source: spec runtime.md section 11.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from edge.kernel.clock import Clock
from edge.kernel.random import RandomStreams
from edge.kernel.tasks import spawn
from edge.network.network import Network
from edge.queues.logic.backlog import Backlog
from edge.queues.logic.limits import RETENTION_MS, QueueRefused
from edge.queues.message import Kept, Message, Metrics
from edge.queues.store import Store
from edge.queues.trouble import QueueTrouble
from edge.sql.lane import Lane

_log = logging.getLogger("edge.queues")
_T = TypeVar("_T")


def _nobody() -> None:
    """Nobody consumes the queue."""


class Queue:
    """The queue `name`, in the file `path` or in memory."""

    def __init__(
        self,
        name: str,
        path: Path | None,
        clock: Clock,
        random: RandomStreams,
        *,
        synchronous: str = "FULL",
        network: Network | None = None,
        trouble: QueueTrouble | None = None,
    ) -> None:
        self.name = name
        self.clock = clock
        #: What nobody has in hand; filled by `open`.
        self.backlog = Backlog()
        #: Called when a message has arrived.
        self.on_arrival: Callable[[], None] = _nobody
        #: What goes wrong; None: nothing does.
        self.trouble = trouble
        self._network = network
        self._random = random
        self._store = Store(path, synchronous=synchronous)
        self._lane = Lane(clock)
        self._opening = asyncio.Lock()
        self._is_open = False

    async def open(self) -> None:
        """Take up what was left from an earlier run; a second call does nothing."""
        async with self._opening:
            if not self._is_open:
                for number, due_ms in await self._lane.run(self._store.waiting):
                    self.backlog.add(number, due_ms)
                self._is_open = True

    async def send(self, bodies: Sequence[tuple[str, bytes, float]]) -> Metrics:
        """Keep new messages, given by content type, body and delay in seconds. Durable on return; gives what
        the queue then holds. Raises QueueRefused when a fault strikes."""
        await self._reach()
        now_ms = self.now_ms()
        return await self.keep(
            (Message(self._random.bytes(f"queue:{self.name}", 16).hex(), now_ms, kind, body), delay_s)
            for kind, body, delay_s in bodies
        )

    async def keep(self, messages: Iterable[tuple[Message, float]]) -> Metrics:
        """Keep messages, each for its delay in seconds; they keep their ids and times. Durable on return."""
        now_ms = self.now_ms()
        delayed = [(message, now_ms + delay_s * 1000 + self._extra_ms()) for message, delay_s in messages]
        # Tied to no caller: one that is cancelled after the message is on disk, or a Durable Object that may
        # not go on, must not keep it from being delivered.
        work = self._keep(delayed, now_ms + RETENTION_MS)
        context = contextvars.Context()
        return await asyncio.shield(spawn(work, name=f"keep in {self.name}", context=context))

    async def _keep(self, delayed: Sequence[tuple[Message, float]], expires_ms: float) -> Metrics:
        await self.open()
        added, metrics = await self._lane.run(
            lambda: (self._store.put(delayed, expires_ms), self._store.metrics())
        )
        for number, due_ms in added:
            self.backlog.add(number, due_ms)
        self.on_arrival()
        return metrics

    async def load(self, numbers: Sequence[int]) -> list[Kept]:
        """Messages that were taken from the backlog. They stay in the store until they are settled."""
        return await self._read(lambda: self._store.load(numbers))

    async def settle(self, done: Sequence[int], again: Sequence[tuple[int, float]]) -> None:
        """Forget the messages that are `done`; the others come again, each at its time in ms."""
        await self._lane.run(lambda: self._store.settle(done, again))
        for number, due_ms in again:
            self.backlog.add(number, due_ms)
        self.on_arrival()

    async def purge(self) -> None:
        """Forget all messages."""
        self.backlog.clear()
        await self._lane.run(self._store.clear)

    async def metrics(self, without: Sequence[int] = ()) -> Metrics:
        """What the queue holds beside the messages with these numbers."""
        return await self._read(lambda: self._store.metrics(without))

    async def messages(self) -> list[Message]:
        """Everything the queue holds, in the order of arrival."""
        numbers = sorted(number for number, _ in await self._read(self._store.waiting))
        return [kept.message for kept in await self.load(numbers)]

    async def close(self) -> None:
        await self._lane.run(self._store.close)

    def now_ms(self) -> int:
        return self.clock.now_ms()

    async def _reach(self) -> None:
        if self._network is not None and self._network.profile.queues.send.high:
            spread = self._network.profile.queues.send
            await self.clock.sleep(self._network.draw_s(f"queues:send:{self.name}", spread))
        if self.trouble is not None and self.trouble.refuses():
            raise QueueRefused("Internal Server Error")

    def _extra_ms(self) -> float:
        return 0.0 if self.trouble is None else self.trouble.extra_ms()

    async def _read(self, work: Callable[[], _T]) -> _T:
        """What `work` finds, without what is too old."""
        await self.open()
        now_ms = self.now_ms()
        expired, found = await self._lane.run(lambda: (self._store.expire(now_ms), work()))
        if expired:
            _log.warning('%d messages of the queue "%s" were older than 4 days: dropped', expired, self.name)
        return found
