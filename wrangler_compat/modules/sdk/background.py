"""`wait_until` of `cloudflare:workers`: work that goes on after the answer."""

from __future__ import annotations

from typing import Any

from edge.js.errors import error
from edge.worker.invocation import current

_NO_REQUEST = (
    "Disallowed operation called within global scope. Asynchronous I/O (ex: fetch() or connect()), setting a "
    "timeout, and generating random values are not allowed within global scope. To fix this error, perform "
    "this operation within a handler. https://developers.cloudflare.com/workers/runtime-apis/handlers/"
)


def wait_until(work: Any = None) -> None:
    """Keep the current event alive until `work` settles; the answer does not wait for it.

    Raises JsException outside of an event.
    """
    invocation = current.get()
    if invocation is None:
        raise error(_NO_REQUEST)
    invocation.wait_until(work)
