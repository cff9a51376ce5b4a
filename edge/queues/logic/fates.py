"""What becomes of the messages of a batch once it is decided which of them are to come again.

Sources: spec runtime.md section 11; Queues "Dead Letter Queues".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from edge.config import QueueConsumer
from edge.queues.logic.decisions import Retry
from edge.queues.message import Kept


@dataclass(slots=True)
class Fates:
    """Messages that are done with, that come again (when, in ms), and that have failed too often."""

    done: list[Kept] = field(default_factory=list)
    again: list[tuple[Kept, float]] = field(default_factory=list)
    spent: list[Kept] = field(default_factory=list)


def fates(
    kept: Iterable[Kept], retry_of: Callable[[str], Retry | None], consumer: QueueConsumer, now_ms: float
) -> Fates:
    """`retry_of` says of a message id how it is to come again; None: it is done with."""
    found = Fates()
    for one in kept:
        retry = retry_of(one.message.id)
        if retry is None:
            found.done.append(one)
        elif one.message.failed >= consumer.max_retries:
            found.spent.append(one)
        else:
            delay_s = consumer.retry_delay_s if retry.delay_s is None else retry.delay_s
            found.again.append((one, now_ms + delay_s * 1000))
    return found
