"""How many subrequests an invocation may make: one allowance for each event of a Worker or Durable Object.

A subrequest is a `fetch` (each redirect of it too), an outgoing WebSocket, an operation of KV, R2, D1 or a
cache, a call to another Worker, to a Durable Object or to the static assets, and a request to a port of a
container.

Source: spec runtime.md section 6; Cloudflare's "Limits" page (subrequests).
"""

from __future__ import annotations

import math
from contextvars import ContextVar

from edge.js.errors import error

TOO_MANY = "Too many subrequests by single Worker invocation."


class Allowance:
    """What is left to one invocation."""

    __slots__ = ("limit", "spent")

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self.spent = 0

    def take(self) -> bool:
        """Spend one subrequest; False when none is left."""
        if self.spent >= self.limit:
            return False
        self.spent += 1
        return True


#: That of the invocation that runs; None outside of any (what the emulator and tests do themselves is free).
allowance: ContextVar[Allowance | None] = ContextVar("subrequests", default=None)


def limit_of(configured: int, wanted: int | None) -> float:
    """What an invocation may make: `wanted` (0: any number), unless that is None."""
    return configured if wanted is None else wanted or math.inf


def spend() -> None:
    """Count one subrequest of the running invocation. Raises Error when that is one too many."""
    own = allowance.get()
    if own is not None and not own.take():
        raise error(TOO_MANY)


def renew() -> None:
    """Begin a new allowance for what this context does from now on."""
    own = allowance.get()
    if own is not None:
        allowance.set(Allowance(own.limit))


def spent() -> int:
    """How many the running invocation has made."""
    own = allowance.get()
    return 0 if own is None else own.spent
