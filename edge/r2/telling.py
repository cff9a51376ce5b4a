"""What the methods of R2 have in common: a span, refusals in JavaScript's form, and the wait of a Durable
Object's output.

Source: spec runtime.md section 12.
"""

from __future__ import annotations

from collections.abc import Coroutine
from contextlib import closing
from typing import Any

from edge.http.subrequests import spend
from edge.js.errors import error
from edge.js.promise import JsPromise
from edge.kernel.spans import current_span, span
from edge.kernel.tasks import before_output, output_hold
from edge.r2.logic.refusal import R2Refused


def started(action: str, operation: Coroutine[Any, Any, Any], key: Any = None) -> JsPromise:
    """The promise of an operation; `key` is what it was called with."""
    work = _told(action, operation)
    if current_span.get() is not None:
        work = _traced(action, key, work)
    return JsPromise.start(work, name=f"r2.{action}")


async def _traced(action: str, key: Any, work: Coroutine[Any, Any, Any]) -> Any:
    with span(_SPANS.get(action, "r2.multipart")) as traced:
        if isinstance(key, str):
            traced.tag(key=key)
        return await work


async def _told(action: str, operation: Coroutine[Any, Any, Any]) -> Any:
    with closing(operation):
        spend()
        try:
            return await operation
        except R2Refused as refused:
            raise error(f"{action}: {refused}") from None


_SPANS = {name: f"r2.{name}" for name in ("head", "get", "put", "delete", "list")}


async def output_may_leave() -> None:
    """Wait until writes that this one may depend on are durable."""
    if output_hold.get() is not None:
        await before_output()
