"""What a Worker holds to talk to an object: `fetch`, and any method by RPC.

Calls on one stub are delivered in the order they were made. A stub knows the actor it last talked to: if
that broke, the stub is broken for good and gives the same error to every call; if it was merely put away,
the next call finds the next one.

Sources: spec durable-objects.md section 2, corrections sections 2 and 3; recordings durable_rpc.json.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from edge.durable.ids import DurableObjectId
from edge.http.request import Request
from edge.http.response import Response
from edge.js.errors import JsException
from edge.kernel.tasks import before_output
from edge.worker.fetcher import Fetcher
from edge.worker.rpc import remote_error, transfer_args, transfer_result
from edge.worker.service import checked_response

if TYPE_CHECKING:
    from edge.durable.actor import Actor
    from edge.durable.host import DurableHost


class DurableObjectStub(Fetcher, js_name="DurableObject"):
    """A stub; making one does nothing to the object."""

    __slots__ = ("_actor", "_host", "_id")

    def __init__(self, host: DurableHost, object_id: DurableObjectId) -> None:
        self._host = host
        self._id = object_id
        self._actor: Actor | None = None

    @property
    def id(self) -> DurableObjectId:
        return self._id

    @property
    def name(self) -> str | None:
        return self._id.name

    async def _fetch(self, request: Request) -> Response:
        await before_output()
        response = checked_response(request, await self._deliver("fetch", (request,)))
        self._host.returned(self._id, response)
        if not response.url:
            response.url = request.url
        return response

    async def _rpc(self, method: str, args: Sequence[Any]) -> Any:
        copies = transfer_args(args)
        await before_output()
        try:
            return transfer_result(await self._deliver(method, copies))
        except JsException as failure:
            raise remote_error(failure) from None

    def _deliver(self, handler: str, args: Sequence[Any]) -> asyncio.Future[Any]:
        actor = self._actor
        if actor is None or actor.ended:
            self._actor = actor = self._host.actor(self._id)
        return actor.call(handler, args)
