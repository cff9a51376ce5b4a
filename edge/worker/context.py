"""`ctx` as an entrypoint gets it (spec runtime.md section 2)."""

from __future__ import annotations

from typing import Any

from edge.js.errors import error
from edge.js.objects import JsObject
from edge.js.proxy import JsProxy
from edge.worker.invocation import Invocation


class ExecutionContext(JsProxy, js_name="ExecutionContext"):
    """The context of one event."""

    __slots__ = ("_exports", "_invocation", "_props", "pass_through")

    def __init__(self, invocation: Invocation, props: JsObject | None = None, exports: Any = None) -> None:
        self._invocation = invocation
        self._props = props
        self._exports = exports
        self.pass_through = False

    @property
    def props(self) -> JsObject:
        if self._props is None:
            self._props = JsObject()
        return self._props

    @property
    def exports(self) -> Any:
        if self._exports is None:
            raise AttributeError("exports")
        return self._exports

    def waitUntil(self, work: Any = None) -> None:
        self._invocation.wait_until(work)

    def passThroughOnException(self) -> None:
        """Noted, and without effect here as in `wrangler dev`: there is no origin to pass through to."""
        self.pass_through = True

    def abort(self, reason: Any = None) -> None:
        """End the request with `reason` as its error."""
        if isinstance(reason, BaseException):
            raise reason
        raise error(
            "Worker execution was aborted due to call to ctx.abort()." if reason is None else str(reason)
        )
