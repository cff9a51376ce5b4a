"""What the methods of R2 have in common: refusals in JavaScript's form, and the wait of a Durable Object's
output.

Source: spec runtime.md section 12.
"""

from __future__ import annotations

from collections.abc import Coroutine
from contextlib import closing
from typing import Any

from edge.http.subrequests import spend
from edge.js.errors import error
from edge.js.promise import JsPromise
from edge.kernel.tasks import before_output, output_hold
from edge.r2.logic.refusal import R2Refused


def started(action: str, operation: Coroutine[Any, Any, Any]) -> JsPromise:
    """The promise of an operation."""
    return JsPromise.start(_told(action, operation), name=f"r2.{action}")


async def _told(action: str, operation: Coroutine[Any, Any, Any]) -> Any:
    with closing(operation):
        spend()
        try:
            return await operation
        except R2Refused as refused:
            raise error(f"{action}: {refused}") from None


async def output_may_leave() -> None:
    """Wait until writes that this one may depend on are durable."""
    if output_hold.get() is not None:
        await before_output()
