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

from edge.durable.distance import FarObject
from edge.durable.events import Event
from edge.durable.ids import DurableObjectId
from edge.http.request import Request
from edge.http.subrequests import spend
from edge.js.errors import JsException
from edge.js.promise import JsPromise
from edge.kernel.spans import Span, Tag, child_of, current_span
from edge.kernel.tasks import output_hold
from edge.worker.fetcher import Fetcher
from edge.worker.invocation import depth_of_next
from edge.worker.rpc import remote_error, transfer_args, transfer_result
from edge.worker.service import checked_response

if TYPE_CHECKING:
    from edge.durable.actor import Actor
    from edge.durable.host import DurableHost


class DurableObjectStub(Fetcher, js_name="DurableObject"):
    """A stub; making one does nothing to the object."""

    __slots__ = ("_actor", "_far", "_held", "_hint", "_host", "_id")

    def __init__(self, host: DurableHost, object_id: DurableObjectId, hint: str | None = None) -> None:
        """`hint` says where to put the object if this stub is the first to call it."""
        self._host = host
        self._id = object_id
        self._hint = hint
        self._far: FarObject | None = None  # the way to the object, in a world with distance
        self._actor: Actor | None = None
        self._held = 0  # calls that wait for the caller's output gate

    @property
    def id(self) -> DurableObjectId:
        return self._id

    @property
    def name(self) -> str | None:
        return self._id.name

    def _start_fetch(self, request: Request) -> JsPromise:
        return self._send(FetchCall(self._host, self._id, request))

    def _start_rpc(self, method: str, args: Sequence[Any]) -> JsPromise:
        try:
            return self._send(RpcCall(method, transfer_args(args)))
        except JsException as refusal:
            return JsPromise.rejected(refusal)

    def _send(self, event: Event) -> JsPromise:
        try:
            spend()
            event.depth = depth_of_next()
        except JsException as refusal:
            return JsPromise.rejected(refusal)
        if (caller := current_span.get()) is None:
            return self._send_now(event)
        return self._send_traced(event, caller)

    def _send_traced(self, event: Event, caller: Span) -> JsPromise:
        """A span from the call to its result at the caller: the event, and the way there and back."""
        tags: dict[str, Tag] = {"class": self._host.class_name, "handler": event.handler, "id": str(self._id)}
        call = child_of(caller, "durable.call", **tags)
        if not isinstance(call, Span):
            return self._send_now(event)
        current_span.set(call)
        try:
            sent = self._send_now(event)
        finally:
            current_span.set(caller)
        sent.when_settled(call.end)
        return sent

    def _send_now(self, event: Event) -> JsPromise:
        hold = output_hold.get()
        wait = None if hold is None else hold()
        if self._held or wait is not None:
            return JsPromise.start(self._send_later(event, wait), name=event.handler)
        return JsPromise.of(self._deliver(event))

    async def _send_later(self, event: Event, wait: asyncio.Future[None] | None) -> Any:
        """The caller is an object whose writes are not durable yet. Calls that wait go in their order,
        because they are woken in it, and no later one passes them."""
        self._held += 1
        try:
            if wait is not None:
                await wait
        finally:
            self._held -= 1
        return await self._deliver(event)

    def _deliver(self, event: Event) -> asyncio.Future[Any]:
        network = self._host.network
        if network is None:
            return self._deliver_here(event)
        if self._far is None or self._far.caller != network.here():
            self._far = FarObject(self._host, self._id, network, self._hint)
        return self._far.deliver(event, self._deliver_here)

    def _deliver_here(self, event: Event) -> asyncio.Future[Any]:
        actor = self._actor
        if actor is None or actor.ended:
            try:
                self._actor = actor = self._host.actor(self._id)
            except JsException as refusal:
                event.fail(refusal)
                return event.done
        return actor.deliver(event)


class RpcCall(Event):
    """A method call; what comes back is a copy."""

    __slots__ = ()

    def succeed(self, result: Any) -> None:
        try:
            super().succeed(transfer_result(result))
        except JsException as refusal:
            super().fail(refusal)

    def fail(self, reason: BaseException) -> None:
        super().fail(remote_error(reason) if isinstance(reason, JsException) else reason)


class FetchCall(Event):
    """A request; what comes back must be a Response that may answer it."""

    __slots__ = ("_host", "_id", "_request")

    def __init__(self, host: DurableHost, object_id: DurableObjectId, request: Request) -> None:
        super().__init__("fetch", (request,))
        self._host = host
        self._id = object_id
        self._request = request

    def succeed(self, result: Any) -> None:
        try:
            response = checked_response(self._request, result)
        except JsException as refusal:
            super().fail(refusal)
            return
        response.url = self._request.url
        self._host.returned(self._id, response)
        super().succeed(response)
