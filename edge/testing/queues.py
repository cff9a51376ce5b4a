"""A queue in a test: send without a Worker, look at what waits, deliver a batch at once.

jobs = world.queue("JOBS")
delivery = await jobs.deliver({"id": 7})
assert len(delivery.acked) == 1
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from edge.js.convert import to_js, to_py
from edge.js.objects import JsObject
from edge.kernel.duration import parse_duration
from edge.queues.body import from_bytes, to_bytes
from edge.queues.consumer import Consumer, Delivery
from edge.queues.message import Message
from edge.queues.queue import Queue


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that a queue holds. `failed` counts the deliveries that came to nothing, `timestamp` is when
    it was sent, in seconds since the epoch."""

    id: str
    body: Any
    failed: int
    timestamp: float


class NobodyTakes(LookupError):
    """No Worker of this world consumes the queue."""


class QueueView:
    """One queue, from outside."""

    __slots__ = ("_consumer", "_queue")

    def __init__(self, queue: Queue, consumer: Consumer | None) -> None:
        self._queue = queue
        self._consumer = consumer

    async def send(
        self, *bodies: Any, content_type: str | None = None, delay: str | float | timedelta = 0
    ) -> None:
        """Send messages, each with the Python form of what a Worker would send; bytes go as `bytes`, all else
        as `json` unless `content_type` says otherwise."""
        delay_s = parse_duration(delay)
        await self._queue.send([(*_sent(body, content_type), delay_s) for body in bodies])

    async def deliver(self, *bodies: Any) -> Delivery:
        """Send `bodies`, then hand one batch of what is due to the consumer, full or not, and wait for its
        end. Raises NobodyTakes, and LookupError when nothing is due."""
        if self._consumer is None:
            raise NobodyTakes(f'no Worker of this world consumes the queue "{self._queue.name}"')
        if bodies:
            await self.send(*bodies)
        delivery = await self._consumer.deliver_now()
        if delivery is None:
            raise LookupError(f'nothing is due in the queue "{self._queue.name}"')
        return delivery

    async def messages(self) -> list[Waiting]:
        """What the queue holds, in the order of arrival; what is being delivered is part of it."""
        return [_waiting(one) for one in await self._queue.messages()]

    async def purge(self) -> None:
        """Forget all messages."""
        await self._queue.purge()


def _waiting(message: Message) -> Waiting:
    body = to_py(from_bytes(message.body, message.content_type))
    return Waiting(message.id, body, message.failed, message.timestamp_ms / 1000)


def _sent(body: Any, content_type: str | None) -> tuple[str, bytes]:
    kind = content_type or ("bytes" if isinstance(body, (bytes, bytearray)) else "json")
    value = to_js(body, dict_converter=lambda items: JsObject(dict(items)))
    return kind, to_bytes(value, kind)
