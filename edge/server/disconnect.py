"""Noticing that the client went away.

Watching costs a task, and nearly all answers are there before anybody could hang up. So the watch
begins only when a request has taken a while, or its answer is a stream.
"""

from __future__ import annotations

import asyncio

from edge.http.request import Request
from edge.kernel.tasks import spawn
from edge.server.asgi import Receive
from edge.server.incoming import IncomingBody

WATCH_AFTER_S = 0.02


class Watch:
    """Aborts a request, and cancels the task that answers it, when its client disconnects."""

    __slots__ = ("_body", "_receive", "_request", "_stopped", "_target", "_task", "_timer", "gone")

    def __init__(self, request: Request, receive: Receive, body: bytes | IncomingBody | None) -> None:
        loop = asyncio.get_running_loop()
        self._request = request
        self._receive = receive
        self._body = body
        self._target = asyncio.current_task()
        self._task: asyncio.Task[None] | None = None
        self._stopped = False
        self._timer: asyncio.TimerHandle | None = loop.call_later(WATCH_AFTER_S, self.begin)
        self.gone = False

    def begin(self) -> None:
        """Watch from now on; a body still arriving is the Worker's to read, and goes first."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._stopped or self._task is not None:
            return
        if isinstance(self._body, IncomingBody) and not self._body.complete:
            self._body.when_complete = self.begin
            return
        self._task = spawn(self._wait(), name="watch for disconnect")

    def stop(self) -> None:
        """The answer is complete."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    async def _wait(self) -> None:
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                break
        if self._stopped:
            return
        self.gone = True
        self._request.signal.trigger()
        if self._target is not None:
            self._target.cancel("the client disconnected")
