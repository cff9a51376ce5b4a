"""Runs: what an agent says to one query, numbered and kept for a while.

Each frame of a run carries `messageId` and `seq`, from 1 on. A connection that was lost is taken up again by
`attach {messageId, after}`: the frames after that number follow, none lost and none repeated.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from frames import Frame

KEPT_FRAMES = 20_000
KEPT_RUNS = 8

Send = Callable[[Frame], Awaitable[None]]


class Run:
    """One query and the frames of its answer."""

    def __init__(self, message_id: str, kept: int = KEPT_FRAMES) -> None:
        self.message_id = message_id
        self._kept = kept
        self.frames: list[Frame] = []
        self.ended = self.is_paused = False
        self._dropped = 0
        self._listener: Send | None = None

    async def say(self, frame: Frame, *, last: bool = False) -> None:
        """Number a frame, keep it and send it to who listens."""
        frame = {**frame, "messageId": self.message_id, "seq": self._dropped + len(self.frames) + 1}
        self.frames.append(frame)
        if len(self.frames) > self._kept:
            del self.frames[0]
            self._dropped += 1
        self.ended = self.ended or last
        if self._listener is not None:
            await self._deliver(self._listener, frame)

    def has_after(self, after: int) -> bool:
        """Whether the frames after a number are still here."""
        return self._dropped <= after <= self._dropped + len(self.frames)

    async def listen(self, send: Send, after: int) -> None:
        """Send what came after number `after`, then go on with what comes."""
        self._listener = None
        while self._dropped + len(self.frames) > after:
            frame = self.frames[max(0, after - self._dropped)]
            after = frame["seq"]
            await send(frame)
        self._listener = send  # no wait since the last look: nothing falls between

    def unlisten(self, send: Send) -> None:
        if self._listener is send:
            self._listener = None

    async def _deliver(self, listener: Send, frame: Frame) -> None:
        try:
            await listener(frame)
        except ConnectionError:
            self.unlisten(listener)


class Runs:
    """The newest runs, by message."""

    def __init__(self) -> None:
        self._runs: dict[str, Run] = {}

    def start(self, message_id: str) -> Run | None:
        """A new run; None when the message already has one."""
        if message_id in self._runs:
            return None
        run = self._runs[message_id] = Run(message_id)
        over = len(self._runs) - KEPT_RUNS
        for old in [name for name, kept in self._runs.items() if kept.ended][: max(0, over)]:
            del self._runs[old]
        return run

    def get(self, message_id: str) -> Run | None:
        return self._runs.get(message_id)

    def unlisten(self, send: Send) -> None:
        for run in self._runs.values():
            run.unlisten(send)
