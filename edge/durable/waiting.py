"""Waiting for an event that happens again and again: a gate that reopens, a commit that ends."""

from __future__ import annotations

import asyncio


class Waiters:
    """Each waiter has a future of its own: cancelling one leaves the others waiting."""

    __slots__ = ("_futures",)

    def __init__(self) -> None:
        self._futures: list[asyncio.Future[None]] = []

    def join(self) -> asyncio.Future[None]:
        """A future for the next time it happens."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._futures.append(future)
        return future

    def wake(self, failure: BaseException | None = None) -> None:
        """It happened, or will not happen any more: waiters go on in the order they came."""
        if not self._futures:
            return
        futures, self._futures = self._futures, []
        for future in futures:
            if future.done():
                continue
            if failure is None:
                future.set_result(None)
            else:
                future.set_exception(failure)
                future.exception()  # seen: whoever stopped waiting does not want it logged
