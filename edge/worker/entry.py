"""Entering the network at a place: what a client's place means for its request, and the way there and back.

Source: spec runtime.md section 4 (`request.cf`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from edge.http.distance import exchange
from edge.http.request import Request
from edge.http.response import Response
from edge.js.objects import JsObject, own_items
from edge.network.here import here
from edge.network.network import Network
from edge.network.places import Place, find_place

Answer = Callable[[Request], Awaitable[Response]]


async def enter(network: Network | None, place: str | None, request: Request, answer: Answer) -> Response:
    """Answer `request` in `place` (None: the profile's default), for a client that is near it.

    Without a network nothing takes time, but `request.cf` says where. Raises UnknownPlace, and
    `Network connection lost.` (retryable) when the client cannot be reached.
    """
    if place is None:
        assert network is not None, "nothing says where to enter"
        place = network.profile.default_place
    where = find_place(place)
    request._cf = _cf_at(request._cf, where)
    token = here.set(where.code)
    try:
        if network is None:
            return await answer(request)
        return await exchange(network.client_way(where.code), request, answer)
    finally:
        here.reset(token)


def _cf_at(cf: Any, place: Place) -> JsObject:
    """A copy of `cf` (None: nothing known of the client) with the client near `place`."""
    known = dict(own_items(cf)) if isinstance(cf, JsObject) else {}
    known.pop("metroCode", None)  # of another city
    return JsObject({**known, **place.cf()})
