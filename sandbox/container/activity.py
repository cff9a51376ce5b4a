"""When a container has been idle long enough to sleep (spec sections 3.3 and 3.4)."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.container.state import now_ms


class Activity:
    """The `sleep_after` timer. Requests in flight hold it; it starts anew when the last one has ended."""

    def __init__(self, renew: Callable[[], None]) -> None:
        """`renew` is how the object starts the timer anew (`renew_activity_timeout`); it calls `wait`."""
        self.renew = renew
        self._in_flight = 0
        #: When the container may sleep, in milliseconds since the epoch.
        self.expires_ms = 0.0

    def wait(self, idle_s: float) -> None:
        """From now on `idle_s` may pass without activity."""
        self.expires_ms = now_ms() + idle_s * 1000

    def begin(self) -> None:
        """A request begins."""
        self._in_flight += 1
        self.renew()

    def end(self) -> None:
        """A request has ended, its response body too."""
        self._in_flight -= 1
        if self._in_flight == 0:
            self.renew()

    def expired(self) -> bool:
        if self._in_flight > 0:
            self.renew()
            return False
        return self.expires_ms <= now_ms()
