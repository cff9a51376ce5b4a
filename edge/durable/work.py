"""Background work of an object's code: `waitUntil`."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

from edge.js.promise import JsPromise
from edge.kernel.spans import span
from edge.worker.invocation import Invocation

if TYPE_CHECKING:
    from edge.durable.actor import Actor

_log = logging.getLogger("edge.durable")


class ActorInvocation(Invocation):
    """The invocation that code of an object finds itself in; its background work is the object's."""

    __slots__ = ("_actor",)

    def __init__(self, actor: Actor, label: str) -> None:
        super().__init__(label, actor.slot.host.clock)
        self._actor = actor

    def wait_until(self, work: Any) -> None:
        if isinstance(work, JsPromise) and work.succeeded:
            return
        if inspect.isawaitable(work):
            self._actor.watch(_logged(work, self.label))

    @property
    def busy(self) -> bool:
        return self._actor.background > 0


async def _logged(work: Awaitable[Any], label: str) -> None:
    try:
        with span("waituntil", of=label):
            await work
    except (Exception, SystemExit):
        # One failure neither stops the others nor the response, but it is never silent.
        _log.exception("waitUntil of %s raised", label)
