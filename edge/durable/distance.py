"""Durable Objects at a distance: where each lives, the way there, and what waking one takes.

Calls on one stub share a line to the object and a line back, so that they arrive in the order in which
they were made; answers come back as they are ready.

Source: `docs/latency-model.md`; spec durable-objects.md section 2 (order of calls).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from edge.durable.events import Event
from edge.durable.ids import DurableObjectId
from edge.http.distance import come_back, leave
from edge.http.request import Request
from edge.http.response import Response
from edge.js.errors import JsException
from edge.kernel.spans import modelled_span
from edge.kernel.tasks import spawn_outside

if TYPE_CHECKING:
    from edge.durable.host import DurableHost
    from edge.network.network import Network

Answer = asyncio.Future[Any]


class Homes:
    """Where the objects of one class live."""

    __slots__ = ("_creation_s", "_label", "_network")

    def __init__(self, network: Network, label: str) -> None:
        self._network = network
        self._label = label
        self._creation_s: dict[str, float] = {}  # of objects that were placed and did not begin yet

    def home(self, object_id: DurableObjectId) -> str:
        """Where an object lives. One that nobody called yet (an alarm from before the start woke it) lives
        in the default place."""
        key = self._key(object_id)
        return self._network.placement.home(key) or self._network.placement.settle(
            key, self._network.profile.default_place
        )

    def settle(self, object_id: DurableObjectId, caller: str, hint: str | None) -> str:
        """Where an object lives, chosen now if this is the first call."""
        key = self._key(object_id)
        home = self._network.placement.home(key)
        if home is None:
            home = self._network.placement.settle(key, caller, hint)
            round_trips = self._network.profile.durable.create_round_trips
            if round_trips:
                creation_s = round_trips * self._network.round_trip_s(caller, home)
                self._creation_s[str(object_id)] = creation_s
        return home

    def awake(self, object_id: DurableObjectId, after: Answer | None) -> Answer | None:
        """A future that is done when the object has been loaded into memory; `after` is what must have
        ended before. None when neither takes time."""
        delay_s = self._creation_s.pop(str(object_id), 0.0)
        spread = self._network.profile.durable.cold_start
        if spread.high:
            delay_s += self._network.draw_s(f"{self._label}:cold_start", spread)
        if not delay_s:
            return after
        awake: Answer = asyncio.get_running_loop().create_future()
        clock = self._network.clock
        waking = modelled_span("durable.wake", id=str(object_id))
        awake.add_done_callback(lambda _: waking.end())
        clock.call_at(clock.now() + delay_s, lambda: _settle(awake))
        return awake if after is None else asyncio.gather(awake, after, return_exceptions=True)

    def _key(self, object_id: DurableObjectId) -> str:
        return f"{self._label}:{object_id}"


class FarObject:
    """The way from one place to an object."""

    __slots__ = ("_way", "caller")

    def __init__(
        self, host: DurableHost, object_id: DurableObjectId, network: Network, hint: str | None
    ) -> None:
        assert host.homes is not None, "a network comes with homes"
        self.caller = network.here()
        home = host.homes.settle(object_id, self.caller, hint)
        self._way = network.way(self.caller, home, host.class_name)

    def deliver(self, event: Event, deliver_there: Callable[[Event], Answer]) -> Answer:
        """Send `event`; the answer when it is back. Fails with `Network connection lost.` (retryable) when
        the way breaks, also when only the answer is lost."""
        answer: Answer = asyncio.get_running_loop().create_future()
        request = event.args[0] if event.args else None
        if event.handler == "fetch" and isinstance(request, Request):
            leave(request, self._way)

        def arrived() -> None:
            deliver_there(event).add_done_callback(lambda done: self._send_back(done, answer))

        self._way.there.send(arrived, lambda reason: _fail(answer, reason))
        return answer

    def _send_back(self, done: Answer, answer: Answer) -> None:
        failure = done.exception()
        if failure is not None:
            self._way.back.send(lambda: _fail(answer, failure), lambda reason: _fail(answer, reason))
        elif isinstance(result := done.result(), Response):
            # Its body follows it, which takes a task of its own.
            spawn_outside(self._bring(result, answer), name="response on its way")
        else:
            self._way.back.send(lambda: _settle(answer, result), lambda reason: _fail(answer, reason))

    async def _bring(self, response: Response, answer: Answer) -> None:
        try:
            _settle(answer, await come_back(response, self._way))
        except JsException as lost:
            _fail(answer, lost)


def _settle(answer: Answer, result: Any = None) -> None:
    if not answer.done():
        answer.set_result(result)


def _fail(answer: Answer, reason: BaseException) -> None:
    if not answer.done():
        answer.set_exception(reason)
        answer.exception()  # seen: a call that nobody awaits is not logged, as on the platform
