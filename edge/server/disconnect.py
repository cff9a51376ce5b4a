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


class Ageing:
    """The requests under way. One timer looks after all of them (one each would cost more than the rest
    of the door): who is still there at the second look is watched, 20 to 40 ms after its arrival."""

    __slots__ = ("_looking", "_new", "_seen")

    def __init__(self) -> None:
        self._new: dict[Watch, None] = {}  # in order of arrival, which a set would not keep
        self._seen: dict[Watch, None] = {}
        self._looking = False

    def add(self, watch: Watch) -> None:
        self._new[watch] = None
        if not self._looking:
            self._looking = True
            asyncio.get_running_loop().call_later(WATCH_AFTER_S, self._look)

    def discard(self, watch: Watch) -> None:
        if self._new.pop(watch, self) is self:
            self._seen.pop(watch, None)

    def _look(self) -> None:
        old, self._seen, self._new = self._seen, self._new, {}
        if self._seen:
            asyncio.get_running_loop().call_later(WATCH_AFTER_S, self._look)
        else:
            self._looking = False
        for watch in old:
            watch.begin()


class Watch:
    """Aborts a request, and cancels the task that answers it, when its client disconnects."""

    __slots__ = ("_ageing", "_body", "_receive", "_request", "_stopped", "_target", "_task", "gone")

    def __init__(
        self, ageing: Ageing, request: Request, receive: Receive, body: bytes | IncomingBody | None
    ) -> None:
        self._ageing = ageing
        self._request = request
        self._receive = receive
        self._body = body
        self._target = asyncio.current_task()
        self._task: asyncio.Task[None] | None = None
        self._stopped = False
        self.gone = False
        ageing.add(self)

    def begin(self) -> None:
        """Watch from now on; a body still arriving is the Worker's to read, and goes first."""
        self._ageing.discard(self)
        if self._stopped or self._task is not None:
            return
        if isinstance(self._body, IncomingBody) and not self._body.complete:
            self._body.when_complete = self.begin
            return
        self._task = spawn(self._wait(), name="watch for disconnect")

    def stop(self) -> None:
        """The answer is complete."""
        self._stopped = True
        self._ageing.discard(self)
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
