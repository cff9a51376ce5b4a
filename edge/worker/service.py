"""A Worker that can be called: from outside, through service bindings, and by cron.

Sources: spec runtime.md sections 1, 3, 8 and 10.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextvars import Token
from dataclasses import dataclass
from typing import Any

from edge.http.body import USED
from edge.http.host import HostTokens, enter_host, leave_host
from edge.http.request import Request
from edge.http.response import Response
from edge.http.subrequests import Allowance, allowance, spent
from edge.js.convert import to_js
from edge.js.errors import JsException, error, type_error
from edge.js.proxy import JsProxy
from edge.kernel.clock import Clock
from edge.kernel.spans import span, tag
from edge.kernel.tasks import before_output, spawn, spawn_outside
from edge.worker.context import ExecutionContext
from edge.worker.fetcher import Fetcher
from edge.worker.invocation import EVENT_WALL_LIMIT_S, Invocation, current, depth, depth_of_next
from edge.worker.isolate import Isolate
from edge.worker.rpc import remote_error, transfer_args, transfer_result

NOT_A_RESPONSE = "Incorrect type for Promise: the Promise did not resolve to 'Response'."
_NO_UPGRADE = (
    "Worker tried to return a WebSocket in a response to a request which did not contain the header "
    '"Upgrade: websocket".'
)


_TOO_LONG = 'The handler of the queue "{}" took more than 15 minutes and was cancelled.'


#: Depth, invocation, host and allowance as they were before an invocation.
_Tokens = tuple[Token[int], Token[Invocation | None], HostTokens, Token[Allowance | None]]


@dataclass(frozen=True, slots=True)
class ScheduledResult:
    """How a cron event ended; `outcome` is `ok` or `exception`."""

    outcome: str
    no_retry: bool
    error: BaseException | None = None


@dataclass(frozen=True, slots=True)
class EventResult:
    """How an event ended that nobody gets an answer to; `outcome` is `ok`, `exception` or
    `exceededWallTime`."""

    outcome: str
    error: BaseException | None = None


class ScheduledController(JsProxy, js_name="ScheduledController"):
    """The first argument of `scheduled`."""

    __slots__ = ("cron", "no_retry", "scheduledTime")

    def __init__(self, cron: str, time_ms: float) -> None:
        self.cron = cron
        self.scheduledTime = time_ms
        self.no_retry = False

    def noRetry(self) -> None:
        self.no_retry = True


class Service:
    """One Worker under its current code."""

    def __init__(self, isolate: Isolate, clock: Clock) -> None:
        self.isolate = isolate
        self.clock = clock
        self.invocations: set[Invocation] = set()

    async def fetch(
        self, request: Request, entrypoint: str | None = None, props: Mapping[str, Any] | None = None
    ) -> Response:
        """Answer a request. A Worker's exception leaves as JsException."""
        invocation = Invocation(f"{request.method} {request.url}", self.clock)
        tokens = self._enter(invocation)
        self.invocations.add(invocation)
        response: Response | None = None
        try:
            target, extra = self._target("fetch", invocation, entrypoint, props)
            result = await self.isolate.dialect.call(target, "fetch", (request, *extra))
            response = checked_response(request, result)
            return response
        finally:
            self._leave(tokens)
            self._finish(invocation, response)

    async def rpc(
        self,
        method: str,
        args: Sequence[Any],
        entrypoint: str | None = None,
        props: Mapping[str, Any] | None = None,
    ) -> Any:
        """Call a method of a fresh entrypoint; arguments and result are copied across."""
        invocation = Invocation(f"rpc {method}", self.clock)
        tokens = self._enter(invocation)
        self.invocations.add(invocation)
        try:
            target, _ = self._target(method, invocation, entrypoint, props)
            return transfer_result(await self.isolate.dialect.call(target, method, transfer_args(args)))
        except JsException as failure:
            raise remote_error(failure) from None
        finally:
            self._leave(tokens)
            self._finish(invocation)

    async def scheduled(self, cron: str, time_ms: float) -> ScheduledResult:
        """Run the cron handler and what it gave to waitUntil."""
        invocation = Invocation(f"scheduled {cron!r}", self.clock)
        controller = ScheduledController(cron, time_ms)
        tokens = self._enter(invocation)
        try:
            target, extra = self._target("scheduled", invocation, None, None)
            await self.isolate.dialect.call(target, "scheduled", (controller, *extra))
        except Exception as failure:
            return ScheduledResult("exception", controller.no_retry, failure)
        finally:
            self._leave(tokens)
            await invocation.drain(EVENT_WALL_LIMIT_S)
        return ScheduledResult("ok", controller.no_retry)

    async def queue(self, queue: str, batch: JsProxy) -> EventResult:
        """Run the queue handler, and what it gave to waitUntil unless the Worker's flags say otherwise."""
        invocation = Invocation(f"queue {queue!r}", self.clock)
        tokens = self._enter(invocation)
        self.invocations.add(invocation)
        waits = not self.isolate.config.has_flag("queue_consumer_no_wait_for_wait_until")
        try:
            target, extra = self._target("queue", invocation, None, None)
            if not self.isolate.dialect.has_handler(target, "queue"):
                raise self._no_handler("queue", None)
            async with asyncio.timeout(EVENT_WALL_LIMIT_S):
                await self.isolate.dialect.call(target, "queue", (batch, *extra))
            if waits:
                await invocation.drain(EVENT_WALL_LIMIT_S)
        except TimeoutError:
            return EventResult("exceededWallTime", error(_TOO_LONG.format(queue)))
        except Exception as failure:
            return EventResult("exception", failure)
        finally:
            self._leave(tokens)
            self._finish(invocation)
        return EventResult("exception" if waits and invocation.failed else "ok")

    async def drain(self, limit_s: float) -> None:
        """Wait for the background work of all invocations, at most `limit_s`."""
        for invocation in list(self.invocations):
            await invocation.drain(limit_s)

    def _enter(self, invocation: Invocation) -> _Tokens:
        """Set what code of an invocation finds around itself. Raises Error when it is called too deep."""
        host = self.isolate.host
        return (
            depth.set(depth_of_next()),
            current.set(invocation),
            enter_host(host),
            allowance.set(Allowance(host.subrequests_max)),
        )

    def _leave(self, tokens: _Tokens) -> None:
        if made := spent():
            tag(subrequests=made)
        depth_before, invocation_before, host_before, allowance_before = tokens
        depth.reset(depth_before)
        current.reset(invocation_before)
        leave_host(host_before)
        allowance.reset(allowance_before)

    def _target(
        self, handler: str, invocation: Invocation, entrypoint: str | None, props: Mapping[str, Any] | None
    ) -> tuple[object, tuple[Any, Any]]:
        """What to call, and the env and ctx that a handler of the old style is given."""
        isolate = self.isolate
        exports = isolate.exports
        cls = (
            exports.default if entrypoint in (None, "default") else exports.entrypoints.get(entrypoint or "")
        )
        context = ExecutionContext(invocation, to_js(dict(props)) if props else None, isolate.loopback)
        if cls is not None:
            return isolate.dialect.construct(cls, context, isolate.env), (None, None)
        if entrypoint is None and handler in exports.legacy:
            return exports.legacy, (isolate.env, context)
        raise self._no_handler(handler, entrypoint)

    def _no_handler(self, handler: str, entrypoint: str | None) -> JsException:
        if entrypoint is not None:
            return type_error(f"There is no '{entrypoint}' class defined in the Python Worker's main module")
        if handler == "scheduled":
            return error("Handler does not export a scheduled() function")
        return error(f"Handler does not export a {handler}() function.")

    def _finish(self, invocation: Invocation, response: Response | None = None) -> None:
        if invocation.busy:
            spawn(self._drain(invocation, response), name=f"drain {invocation.label}")
        else:
            self.invocations.discard(invocation)

    async def _drain(self, invocation: Invocation, response: Response | None) -> None:
        # The allowance of background work begins when the response has ended, not when it began: the
        # work may be what feeds a streamed body.
        ended = None if response is None else response.ended()
        try:
            if ended is not None:
                await ended
            await invocation.drain()
        finally:
            self.invocations.discard(invocation)


def checked_response(request: Request, result: Any) -> Response:
    """What a fetch handler returned, if it is a Response that may answer `request`."""
    if not isinstance(result, Response):
        raise type_error(NOT_A_RESPONSE)
    if result.bodyUsed:
        raise type_error(USED)
    if result.status == 0:
        raise type_error(
            "Return value from serve handler must not be an error response (like Response.error())"
        )
    if result._web_socket is not None and (request.headers.get_str("upgrade") or "").lower() != "websocket":
        raise type_error(_NO_UPGRADE)
    return result


class ServiceStub(Fetcher, js_name="Fetcher"):
    """A service binding. The Worker is looked up at each call, so that it may be reloaded."""

    __slots__ = ("_entrypoint", "_props", "_service")

    def __init__(
        self,
        service: Callable[[], Service],
        entrypoint: str | None = None,
        props: Mapping[str, Any] | None = None,
    ) -> None:
        self._service = service
        self._entrypoint = entrypoint
        self._props = props

    async def _fetch(self, request: Request) -> Response:
        await before_output()
        service = self._service()
        work = service.fetch(request, self._entrypoint, self._props)
        with span("worker.fetch", worker=service.isolate.config.name, entrypoint=self._entrypoint):
            return await spawn_outside(work, name=f"service fetch {request.url}")

    async def _rpc(self, method: str, args: Sequence[Any]) -> Any:
        await before_output()
        service = self._service()
        work = service.rpc(method, args, self._entrypoint, self._props)
        with span("worker.rpc", worker=service.isolate.config.name, method=method):
            return await spawn_outside(work, name=f"service rpc {method}")
