"""The open tails: each is told of its Worker's events until it is closed or its time is over."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from edge.http.request import Request
from edge.http.response import Response
from edge.js.errors import JsException
from edge.kernel.clock import Clock
from edge.kernel.random import RandomStreams
from edge.kernel.tasks import spawn
from wrangler_compat.cloud.tails.events import Subject, fetched
from wrangler_compat.cloud.tails.filters import Event, Filter, accepts
from wrangler_compat.cloud.tails.hearing import Ears, Heard, hearing

LIFE_S = 6 * 3600
WAITING_EVENTS_MAX = 1000
_log = logging.getLogger("edge.cloud")


@dataclass(slots=True, eq=False)
class Tail:
    """A tail of a Worker. Events wait in `events`, and None says that it is over."""

    id: str
    account_id: str
    script_name: str
    filters: Sequence[Filter]
    expires_ms: int
    events: asyncio.Queue[Event | None] = field(default_factory=asyncio.Queue)


class Tails:
    """All tails of a cloud."""

    def __init__(self, clock: Clock, random: RandomStreams) -> None:
        self._clock = clock
        self._random = random
        self._ears = Ears(clock)
        self._tails: dict[str, Tail] = {}

    def open(self, account_id: str, script_name: str, filters: Sequence[Filter]) -> Tail:
        """A new tail."""
        expires_ms = self._clock.now_ms() + LIFE_S * 1000
        tail = Tail(self._random.uuid("cloud.tail"), account_id, script_name, filters, expires_ms)
        self._tails[tail.id] = tail
        self._ears.open()
        return tail

    def find(self, tail_id: str) -> Tail | None:
        """A tail by its id."""
        self._drop_old()
        return self._tails.get(tail_id)

    def of(self, account_id: str, script_name: str) -> Sequence[Tail]:
        """The tails of a Worker."""
        self._drop_old()
        return [
            tail
            for tail in self._tails.values()
            if (tail.account_id, tail.script_name) == (account_id, script_name)
        ]

    def close(self, tail: Tail) -> None:
        """End a tail; what waits is still told."""
        if self._tails.pop(tail.id, None) is not None:
            tail.events.put_nowait(None)
        if not self._tails:
            self._ears.close()

    def close_all(self) -> None:
        for tail in list(self._tails.values()):
            self.close(tail)

    async def follow(
        self, subject: Subject, request: Request, ask: Callable[[], Awaitable[Response]]
    ) -> Response:
        """Let a Worker answer `request`, and tell its tails once the answer has ended."""
        heard = Heard()
        started_ms = self._clock.now_ms()
        token = hearing.set(heard)
        try:
            response = await ask()
        except JsException as error:
            self._tell(
                subject, fetched(subject, request, heard.logs, started_ms, self._clock.now_ms(), error)
            )
            raise
        finally:
            hearing.reset(token)
        spawn(self._tell_at_the_end(subject, request, response, heard, started_ms), name="tail")
        return response

    async def _tell_at_the_end(
        self, subject: Subject, request: Request, response: Response, heard: Heard, started_ms: int
    ) -> None:
        ended = response.ended()
        if ended is not None:
            await ended
        now_ms = self._clock.now_ms()
        self._tell(subject, fetched(subject, request, heard.logs, started_ms, now_ms, response))

    def _tell(self, subject: Subject, event: Event) -> None:
        chance = self._random.stream("cloud.tail.sampling").random()
        for tail in self.of(subject.account_id, subject.script_name):
            if not accepts(tail.filters, event, chance):
                continue
            if tail.events.qsize() >= WAITING_EVENTS_MAX:
                _log.warning("a tail of %s reads too slowly: an event is left out", subject.script_name)
                continue
            tail.events.put_nowait(event)

    def _drop_old(self) -> None:
        now_ms = self._clock.now_ms()
        for tail in [tail for tail in self._tails.values() if tail.expires_ms <= now_ms]:
            self.close(tail)
