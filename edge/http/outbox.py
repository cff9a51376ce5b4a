"""What a socket says inside a Durable Object waits for the object's output gate.

The gate is the one of the moment of sending (`output_hold` of the context). Frames leave in the order
in which they were sent, so one that has to wait holds back those behind it, wherever they came from.
When the writes it depends on fail, it never leaves, nor does anything after it.

Source: spec durable-objects.md section 3 (output gates).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from edge.http.frames import Frame
from edge.js.errors import JsException

Hold = Callable[[], asyncio.Future[None] | None]


class Outbox:
    """Frames of one end that may not leave yet. `deliver` is called for each in order, `broken` once."""

    __slots__ = ("_broken", "_deliver", "_held")

    def __init__(self, deliver: Callable[[Frame], None], broken: Callable[[], None]) -> None:
        self._deliver = deliver
        self._broken = broken
        self._held: deque[tuple[Frame, Hold | None]] = deque()

    def __bool__(self) -> bool:
        return bool(self._held)

    def post(self, frame: Frame, hold: Hold | None) -> None:
        """Deliver `frame` when `hold` has nothing to wait for and it is its turn."""
        self._held.append((frame, hold))
        if len(self._held) == 1:
            self._flush()

    def _flush(self) -> None:
        while self._held:
            frame, hold = self._held[0]
            wait = None if hold is None else hold()
            if wait is not None:
                wait.add_done_callback(self._released)
                return
            self._held.popleft()
            self._deliver(frame)

    def _released(self, wait: asyncio.Future[None]) -> None:
        if wait.cancelled() or wait.exception() is not None:
            self._give_up()
            return
        try:
            self._flush()
        except JsException:
            self._give_up()  # the object broke after the writes that this frame waited for were durable

    def _give_up(self) -> None:
        self._held.clear()
        self._broken()
