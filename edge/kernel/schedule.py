"""The order in which ready callbacks run: first in, first out, or varied by a seed so that races show.

asyncio runs what is ready in the order in which it became ready. A program may not rely on all of that: of
two messages that arrive at the same moment on two connections, either may be first. `SeededReady` draws
which comes next, and keeps the orders that the platform does promise:

- *Within a strand.* A strand is one thread of cause and effect: a simulated user, a request, a Durable
  Object. What happens in it happens in order: one socket's messages, calls on one stub (e-order), the
  microtasks of a Worker, the turns of an object. Its name is in the context variable `strand`, which tasks
  and callbacks inherit. Code outside of all strands is one strand as well.
- *Of one future.* Its callbacks run in the order in which they were added.

What varies is therefore the order between strands, at one instant: who of two users comes first to an
object, whose commit ends first, which of two answers is back first. Orders that need different times are
not made up here; that is the network's part.

Only the next `WINDOW` callbacks are looked at, so that the price of a step does not grow with the crowd and
nobody waits for ever.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextvars import ContextVar
from random import Random
from typing import Any

WINDOW = 8

#: The strand that the code of this context belongs to.
strand: ContextVar[object | None] = ContextVar("strand", default=None)


def begin_strand() -> None:
    """From here on this context's code is ordered only with itself."""
    strand.set(object())


class SeededReady(deque[Any]):
    """Ready callbacks of an asyncio loop, taken in an order that `generator` draws."""

    def __init__(self, generator: Random) -> None:
        super().__init__()
        self._random = generator.random

    def popleft(self) -> Any:
        waiting = len(self)
        if waiting < 2:
            return super().popleft()
        chosen = int(self._random() * min(waiting, WINDOW))
        handle = self[chosen]
        own = handle._context.get(strand)
        if not chosen or own is None:  # the first may always run
            return super().popleft()
        own_future = _future(handle)
        for place in range(chosen - 1, -1, -1):
            earlier = self[place]
            theirs = earlier._context.get(strand)
            future = _future(earlier)
            if theirs is own or (own_future is not None and future is own_future):
                chosen, handle, own, own_future = place, earlier, theirs, future
        del self[chosen]
        return handle


def _future(handle: Any) -> asyncio.Future[Any] | None:
    """The future whose end a callback is told of."""
    args = handle._args  # None once it is cancelled
    return args[0] if args and isinstance(args[0], asyncio.Future) else None
