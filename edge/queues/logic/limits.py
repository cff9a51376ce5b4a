"""What a queue takes, and what it refuses.

Sources: spec runtime.md section 11 (texts); Queues "Limits" (a KB has 1000 bytes).
"""

from __future__ import annotations

from collections.abc import Sequence

MESSAGE_BYTES_MAX = 128_000
BATCH_MESSAGES_MAX = 100
#: 256 KB, and 32 KB for what the messages carry beside their bodies.
BATCH_BYTES_MAX = 288_000
DELAY_S_MAX = 86_400
#: How long a message waits for somebody to take it.
RETENTION_MS = 4 * 86_400 * 1000


class QueueRefused(Exception):
    """The queue does not take what was sent; the text says why."""


def check_message(size_bytes: int) -> None:
    """A message that is sent alone. Raises QueueRefused."""
    if size_bytes > MESSAGE_BYTES_MAX:
        raise QueueRefused(f"message length of {size_bytes} bytes exceeds limit of {MESSAGE_BYTES_MAX}")


def check_batch(sizes_bytes: Sequence[int]) -> None:
    """Messages that are sent together. Raises QueueRefused."""
    count, largest, total = len(sizes_bytes), max(sizes_bytes), sum(sizes_bytes)
    if count > BATCH_MESSAGES_MAX:
        raise QueueRefused(f"batch message count of {count} exceeds limit of {BATCH_MESSAGES_MAX}")
    if largest > MESSAGE_BYTES_MAX:
        raise QueueRefused(
            f"message in batch has length {largest} bytes which exceeds single message size limit of"
            f" {MESSAGE_BYTES_MAX}"
        )
    if total > BATCH_BYTES_MAX:
        raise QueueRefused(f"batch size of {total} bytes exceeds limit of {BATCH_BYTES_MAX}")


def check_delay(delay_s: int) -> None:
    """A delay of a delivery. Raises QueueRefused."""
    if not 0 <= delay_s <= DELAY_S_MAX:
        raise QueueRefused(f"message delay {delay_s} is invalid: it must be 0 to {DELAY_S_MAX} seconds")
