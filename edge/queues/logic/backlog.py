"""The messages of a queue that nobody has in hand: when the next batch is ripe, and which messages it has.

A batch is ripe when it is full, or when its first message has waited long enough. Messages come in the order
in which they became due; those due at one moment in the order in which they arrived.

Sources: spec runtime.md section 11; Queues "Batching, Retries and Delays".
"""

from __future__ import annotations

import heapq
from collections import deque


class Backlog:
    """Messages by their number in the store, each with when it is due (milliseconds since the epoch)."""

    __slots__ = ("_delayed", "_ready")

    def __init__(self) -> None:
        self._delayed: list[tuple[float, int]] = []
        self._ready: deque[tuple[float, int]] = deque()

    def add(self, number: int, due_ms: float) -> None:
        """A message to be delivered at `due_ms` or later."""
        heapq.heappush(self._delayed, (due_ms, number))

    def is_ripe(self, now_ms: float, size: int, wait_ms: float) -> bool:
        """Whether a batch of at most `size` messages may be taken now."""
        self._ripen(now_ms)
        if not self._ready:
            return False
        return len(self._ready) >= size or self._ready[0][0] + wait_ms <= now_ms

    def next_look_ms(self, now_ms: float, wait_ms: float) -> float | None:
        """When to ask again; None when nothing waits. Not before `now_ms`."""
        self._ripen(now_ms)
        looks = [self._ready[0][0] + wait_ms] if self._ready else []
        if self._delayed:
            looks.append(self._delayed[0][0])
        return max(now_ms, min(looks)) if looks else None

    def take(self, now_ms: float, size: int) -> list[int]:
        """The next batch, ripe or not: messages that are due, at most `size`."""
        self._ripen(now_ms)
        return [self._ready.popleft()[1] for _ in range(min(size, len(self._ready)))]

    def clear(self) -> None:
        """Forget all messages."""
        self._delayed.clear()
        self._ready.clear()

    def _ripen(self, now_ms: float) -> None:
        while self._delayed and self._delayed[0][0] <= now_ms:
            self._ready.append(heapq.heappop(self._delayed))
