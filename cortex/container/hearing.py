"""Hearing an agent while it answers a query: its frames, that it ended, or that it is silent for too long.

What it prints is not trusted: lines that are no frames are left out, and no frame can claim a number or a
message. While it is paused, or waits for the user's word on a tool, its silence is not its own.
"""

from __future__ import annotations

import asyncio

from frames import LAST, Frame, decode, encode
from host import AgentProcess

SILENCE_LIMIT_S = 120.0
#: How long the user may leave an agent paused, or a question without an answer: as long as a sandbox stays.
USER_LIMIT_S = 600.0
STOP_LIMIT_S = 10.0
_SERVERS_OWN = ("seq", "messageId")


class Hearing:
    """One query to one agent. `why` says, after `frame` gave None, why nothing more comes."""

    def __init__(self, agent: AgentProcess, limit_s: float = SILENCE_LIMIT_S) -> None:
        self._loop = asyncio.get_running_loop()
        self._lines = agent.lines()
        self._limit_s = limit_s
        self._since_s = self._loop.time()
        self._asked: set[str] = set()
        self._paused = self._stopped = False
        self._line: asyncio.Future[str | None] | None = None
        self._news = asyncio.Event()
        self.why = "the agent ended"
        #: Whether it said its last word to the query.
        self.is_over = False

    async def frame(self) -> Frame | None:
        """The next frame; None when none comes any more."""
        while (line := await self._next()) is not None:
            if (frame := _clean(line)) is not None:
                if frame["type"] == "confirmation":
                    self._asked.add(str(frame.get("approvalId")))
                self.is_over = frame["type"] in LAST
                return frame
        return None

    def told(self, frame: Frame) -> None:
        """The user says something to the agent."""
        kind = frame["type"]
        self._since_s = self._loop.time()
        self._news.set()
        self._paused = kind == "pause"
        self._stopped = self._stopped or kind == "stop"
        if kind == "confirm":
            self._asked.discard(str(frame.get("approvalId")))

    @property
    def is_paused(self) -> bool:
        return self._paused

    async def _next(self) -> str | None:
        if self._line is None:
            self._line = asyncio.ensure_future(anext(self._lines, None))
        while not self._line.done():
            limit_s, why = self._patience()
            left_s = self._since_s + limit_s - self._loop.time()
            if left_s <= 0:
                self.why = f"{why} for {limit_s:g} s"
                return None
            await self._line_or_news(left_s)
        line, self._line, self._since_s = self._line, None, self._loop.time()
        try:
            return line.result()
        except ValueError:
            self.why = "the agent printed a line that is too long"
            return None

    async def _line_or_news(self, limit_s: float) -> None:
        assert self._line is not None
        self._news.clear()
        news = asyncio.ensure_future(self._news.wait())
        await asyncio.wait({self._line, news}, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
        news.cancel()

    def _patience(self) -> tuple[float, str]:
        if self._stopped:
            return STOP_LIMIT_S, "the agent did not stop"
        if self._paused:
            return USER_LIMIT_S, "the agent was paused"
        if self._asked:
            return USER_LIMIT_S, "nobody said whether the agent may use a tool"
        return self._limit_s, "the agent said nothing"

    def close(self) -> None:
        """Hear no more."""
        if self._line is not None:
            self._line.cancel()


def _clean(line: str) -> Frame | None:
    frame = decode(line)
    if frame is None or ("text" in frame and not isinstance(frame["text"], str)):
        return None
    if frame["type"] == "text-delta" and "text" not in frame:
        return None
    if "\\u" in line:  # perhaps half of a surrogate pair, which cannot be sent
        frame = decode(encode(frame).encode(errors="replace").decode())
    assert frame is not None, "it was a frame before"
    return {name: value for name, value in frame.items() if name not in _SERVERS_OWN}
