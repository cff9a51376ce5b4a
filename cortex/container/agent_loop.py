"""An agent as a program: queries come as lines on stdin, frames leave as lines on stdout.

Without `CORTEX_WARM` it answers one query and ends; with it, one after another until stdin ends.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable

from frames import Frame, decode, encode, stopped

Emit = Callable[[Frame], Awaitable[None]]


class Stopped(Exception):
    """The user stopped the run."""


class Inbox:
    """Sorts what comes in: queries to answer, words about tools, a stop."""

    def __init__(self) -> None:
        self.queries: asyncio.Queue[Frame | None] = asyncio.Queue()
        self._answers: dict[str, asyncio.Future[bool]] = {}
        self.running: asyncio.Task[None] | None = None
        self.is_stopped = False

    async def confirm(self, approval_id: str) -> bool:
        """Wait for the user's word on a tool."""
        answer = self._answers.setdefault(approval_id, asyncio.get_running_loop().create_future())
        try:
            return await answer
        finally:
            del self._answers[approval_id]

    def take(self, frame: Frame | None) -> None:
        """One frame from outside; None at the end of all."""
        if frame is None or frame["type"] == "query":
            self.queries.put_nowait(frame)
        elif frame["type"] == "stop":
            self._stop()
        elif frame["type"] == "confirm":
            answer = self._answers.get(str(frame.get("approvalId")))
            if answer is not None and not answer.done():
                answer.set_result(frame.get("allow") is True)

    def _stop(self) -> None:
        if self.running is None:
            self.is_stopped = not self.queries.empty()  # the query came just before, and nobody took it yet
        elif not self.running.cancelling():  # twice would end what it still has to do
            self.running.cancel()


async def emit(frame: Frame) -> None:
    """Print a frame; a reader that is slow slows the agent. What is no character, such as a byte in a file's
    name, becomes a question mark."""
    sys.stdout.write(encode(frame).encode(errors="replace").decode() + "\n")
    sys.stdout.flush()


async def serve(inbox: Inbox, answer: Callable[[Frame], Awaitable[None]], emit: Emit, *, warm: bool) -> None:
    """Answer queries by `answer` until there are no more, or after the first one."""
    while (query := await inbox.queries.get()) is not None:
        inbox.running = asyncio.ensure_future(_guarded(answer, query))
        if inbox.is_stopped:
            inbox.is_stopped = False
            inbox.running.cancel()
        try:
            await inbox.running
        except asyncio.CancelledError:
            await emit(stopped(query.get("sessionId")))
        except Exception as failure:
            await emit({"type": "error", "error": f"{type(failure).__name__}: {failure}"})
        inbox.running = None
        if not warm:
            return


async def _guarded(answer: Callable[[Frame], Awaitable[None]], query: Frame) -> None:
    await answer(query)


async def read_stdin(inbox: Inbox) -> None:
    """Feed the inbox from stdin."""
    reader = asyncio.StreamReader(limit=64 << 20)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        if (frame := decode(line.decode(errors="replace"))) is not None:
            inbox.take(frame)
    inbox.take(None)


async def run(answer: Callable[[Frame, Inbox], Awaitable[None]]) -> None:
    """The whole life of an agent process."""
    inbox = Inbox()
    reading = asyncio.ensure_future(read_stdin(inbox))
    warm = os.environ.get("CORTEX_WARM") == "1"
    await serve(inbox, lambda query: answer(query, inbox), emit, warm=warm)
    reading.cancel()
