"""What a socket says inside a Durable Object waits for the object's output gate.

What a frame waits for is settled when it is sent: the writes made until then. Those that follow do not
hold it back. Frames leave in the order in which they were sent, so one that has to wait holds back those
behind it, wherever they came from. When the writes it depends on fail, it never leaves, nor does anything
after it.

Source: spec durable-objects.md section 3 (output gates).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from edge.http.frames import Frame

Wait = asyncio.Future[None] | None


class Outbox:
    """Frames of one end that may not leave yet. `deliver` is called for each in order, `broken` once."""

    __slots__ = ("_broken", "_deliver", "_held")

    def __init__(self, deliver: Callable[[Frame], None], broken: Callable[[], None]) -> None:
        self._deliver = deliver
        self._broken = broken
        self._held: deque[tuple[Frame, Wait]] = deque()

    def __bool__(self) -> bool:
        return bool(self._held)

    def post(self, frame: Frame, wait: Wait) -> None:
        """Deliver `frame` when `wait` is over and it is its turn."""
        self._held.append((frame, wait))
        if len(self._held) == 1:
            self._flush()

    def _flush(self) -> None:
        while self._held:
            frame, wait = self._held[0]
            if wait is not None and not _is_durable(wait):
                wait.add_done_callback(self._released)
                return
            self._held.popleft()
            self._deliver(frame)

    def _released(self, wait: asyncio.Future[None]) -> None:
        if _is_durable(wait):
            self._flush()
        else:
            self._held.clear()
            self._broken()


def _is_durable(wait: asyncio.Future[None]) -> bool:
    return wait.done() and not wait.cancelled() and wait.exception() is None
