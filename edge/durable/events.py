"""What is delivered to an object, and the errors that end it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from edge.durable.actor import Actor
    from edge.durable.traced import EventTrace
    from edge.kernel.clock import Clock


class Aborted(BaseException):
    """`ctx.abort()` was called: ends the code that called it, past `except Exception`."""


class Event:
    """One call of a handler or method; `done` settles with its result once that may leave."""

    #: Comes from outside, not from a Worker's call: the first of what happens because of it.
    comes_from_outside: ClassVar[bool] = False

    __slots__ = ("args", "depth", "done", "handler", "task", "trace")

    def __init__(self, handler: str, args: Sequence[Any]) -> None:
        self.handler = handler
        self.args = args
        #: How many Workers and objects are on its way from outside.
        self.depth = 1
        self.done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.task: asyncio.Task[None] | None = None
        self.trace: EventTrace | None = None

    def perform(self, actor: Actor) -> Coroutine[Any, Any, Any]:
        """The handler's work, in the object's turn."""
        instance = actor.instance
        if instance is None:
            return self._awaken(actor)
        return actor.dialect.call(instance, self.handler, self.args)

    async def _awaken(self, actor: Actor) -> Any:
        instance = await actor.construct()
        return await actor.dialect.call(instance, self.handler, self.args)

    def cut_off(self) -> None:
        """It took too long."""
        if self.task is not None:
            self.task.cancel()

    def retire(self, clock: Clock) -> None:
        """The object is to end in good order: most events are waited for."""

    def succeed(self, result: Any) -> None:
        if not self.done.done():
            self.done.set_result(result)

    def fail(self, reason: BaseException) -> None:
        if not self.done.done():
            self.done.set_exception(reason)
            self.done.exception()  # seen: a call that nobody awaits is not logged, as on the platform


class HandlerEvent(Event):
    """A call of a handler that the class need not have (`webSocketMessage` …): without it nothing
    happens."""

    __slots__ = ()

    comes_from_outside = True

    def perform(self, actor: Actor) -> Coroutine[Any, Any, Any]:
        return self._if_handled(actor)

    async def _if_handled(self, actor: Actor) -> Any:
        instance = actor.instance
        if instance is None:
            instance = await actor.construct()
        if actor.dialect.has_handler(instance, self.handler):
            return await actor.dialect.call(instance, self.handler, self.args)
        return None
