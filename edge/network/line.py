"""One direction of a connection: a pipe in which nothing overtakes.

Every message takes the latency of its link, with jitter; one that would arrive before an earlier one
arrives right after it. Many are on their way at a time: a line delays, it does not throttle.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from edge.js.errors import JsException
from edge.kernel.clock import Timer
from edge.kernel.spans import NoSpan, Span, modelled_span

if TYPE_CHECKING:
    from edge.network.network import Network

Deliver = Callable[[], object]
Lost = Callable[[JsException], object]

_INSTANT_S = 1e-6  # sums of floats sit a hair beside the moment they mean


class _Parcel(NamedTuple):
    due_s: float
    deliver: Deliver
    lost: Lost
    context: contextvars.Context
    hop: Span | NoSpan
    doomed: JsException | None


class Line:
    """From `source` to `target`; `last_mile_ms` is set for the line to or from a client."""

    __slots__ = ("_due_s", "_last_mile_ms", "_network", "_parcels", "_source", "_target", "_timer", "_what")

    def __init__(
        self, network: Network, source: str, target: str, what: str, last_mile_ms: float | None = None
    ) -> None:
        self._network = network
        self._source = source
        self._target = target
        self._what = what
        self._last_mile_ms = last_mile_ms
        self._parcels: deque[_Parcel] = deque()
        self._timer: Timer | None = None
        self._due_s = 0.0

    def send(self, deliver: Deliver, lost: Lost) -> None:
        """Call `deliver` when the message is there, or `lost` with the reason why it never will be; in the
        context of this call."""
        delay_s, doomed = self._network.depart(self._source, self._target, self._last_mile_ms)
        self._due_s = max(self._due_s, self._network.clock.now() + delay_s)
        hop = modelled_span("network.hop", source=self._source, target=self._target, what=self._what)
        parcel = _Parcel(self._due_s, deliver, lost, contextvars.copy_context(), hop, doomed)
        self._parcels.append(parcel)
        if self._timer is None:
            self._arm()

    def crossing(self) -> asyncio.Future[None]:
        """Send a message now; done when it is there, failed with a JsException when it is lost."""
        arrival: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def there() -> None:
            if not arrival.done():
                arrival.set_result(None)

        def lost(reason: JsException) -> None:
            if not arrival.done():
                arrival.set_exception(reason)

        self.send(there, lost)
        return arrival

    def _arm(self) -> None:
        # One timer, for the first: the order of timers for one instant is nobody's promise.
        self._timer = self._network.clock.call_at(self._parcels[0].due_s, self._arrive)

    def _arrive(self) -> None:
        self._timer = None
        now_s = self._network.clock.now() + _INSTANT_S
        while self._parcels and self._parcels[0].due_s <= now_s:
            parcel = self._parcels.popleft()
            parcel.hop.end()
            parcel.context.run(self._hand_over, parcel)
        if self._parcels and self._timer is None:
            self._arm()

    def _hand_over(self, parcel: _Parcel) -> None:
        reason = parcel.doomed or self._network.arrive(self._source, self._target)
        if reason is None:
            parcel.deliver()
        else:
            parcel.lost(reason)


class Way(NamedTuple):
    """A connection, as the side sees it that made it: to the other side, and back."""

    there: Line
    back: Line
