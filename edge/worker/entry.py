"""Entering the network at a place: what a client's place means for its request, the way there and back, and
clients that go away.

Source: spec runtime.md section 4 (`request.cf`); `docs/faults.md`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from edge.http.breakable import Breakable
from edge.http.distance import exchange
from edge.http.request import Request
from edge.http.response import Response
from edge.js.objects import JsObject, own_items
from edge.network.faults.faults import Faults
from edge.network.here import here
from edge.network.network import Network, connection_lost
from edge.network.places import Place, find_place

Answer = Callable[[Request], Awaitable[Response]]


class Entry:
    """How one request comes in."""

    __slots__ = ("_faults", "_network", "_place")

    def __init__(self, network: Network | None, faults: Faults | None, place: str | None) -> None:
        """`place` None is the profile's default, or nowhere without a network. Raises UnknownPlace."""
        self._network = network
        self._faults = faults
        name = place if place is not None or network is None else network.profile.default_place
        self._place = None if name is None else find_place(name)
        if self._place is not None and network is not None and faults is not None:
            self._place = faults.reachable(self._place)

    async def answer(self, request: Request, answer: Answer) -> Response:
        """Answer `request` for a client near the place. Without a network nothing takes time, but
        `request.cf` says where. Raises `Network connection lost.` (retryable) when the client cannot be
        reached, or went away."""
        if self._faults is not None and self._faults.clients_leave:
            place = None if self._place is None else self._place.code
            fault = self._faults.strikes("client_disconnect", request.url, place=place)
            if fault is not None:
                return await self._impatient(request, answer, fault.options["after"])
        return await self._at_place(request, answer)

    async def _at_place(self, request: Request, answer: Answer) -> Response:
        place = self._place
        if place is None:
            return await answer(request)
        request._cf = _cf_at(request._cf, place)
        token = here.set(place.code)
        try:
            if self._network is None:
                return await answer(request)
            return await exchange(self._network.client_way(place.code), request, answer)
        finally:
            here.reset(token)

    async def _impatient(self, request: Request, answer: Answer, after_s: float) -> Response:
        """The client goes away after `after_s`: its request is cancelled, or what is left of the answer."""
        assert self._faults is not None
        clock = self._faults.clock
        task = asyncio.current_task()
        assert task is not None, "requests are answered in tasks"
        connection: list[Breakable] = []
        left: list[bool] = []

        def leave() -> None:
            left.append(True)
            request.signal.trigger()
            if connection:
                connection[0].break_off(connection_lost())
            else:
                task.cancel("the client disconnected")

        timer = clock.call_at(clock.now() + after_s, leave)
        try:
            response = await self._at_place(request, answer)
        except asyncio.CancelledError:
            timer.cancel()
            if not left:
                raise
            task.uncancel()
            raise connection_lost() from None
        except BaseException:
            timer.cancel()  # the task goes on to other things, which are not this client's
            raise
        connection.append(Breakable(response))
        return response


def _cf_at(cf: Any, place: Place) -> JsObject:
    """A copy of `cf` (None: nothing known of the client) with the client near `place`."""
    known = dict(own_items(cf)) if isinstance(cf, JsObject) else {}
    known.pop("metroCode", None)  # of another city
    return JsObject({**known, **place.cf()})
