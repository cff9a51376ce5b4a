"""The selector of the virtual loop: it decides whether time jumps, or stands still for real work.

An asyncio loop asks its selector to wait for at most so long. This one answers at once and moves the
clock by that much, unless something real is under way: work that holds the clock (`Clock.hold()`), or an
open connection or pipe. Then it waits like any selector, and reports when nothing comes of it.
"""

from __future__ import annotations

import asyncio
import os
import selectors
import socket
import time
from collections.abc import Callable, Mapping
from typing import Any

from edge.kernel.clock import VirtualClock

_SLICE_S = 0.05  # how long a held loop sleeps before it looks at the holds again
_TURNS_A_LOOK = 1024  # turns of the loop between two looks at real time
_TURNS_A_POLL = 16  # turns between two looks at the loop's own pipe, while nothing real is under way
_TURNS_A_POLL = 32  # turns between two looks at files when none are open

#: Told why nothing happens any more, in words.
OnStall = Callable[[str], None]


class JumpingSelector(selectors.BaseSelector):
    """Moves `clock` instead of waiting."""

    def __init__(self, clock: VirtualClock) -> None:
        self._real = selectors.DefaultSelector()
        self._clock = clock
        self._connections: dict[int, None] = {}
        self._own = 0
        self._foreign = 0  # files that are not the loop's own
        self._silent_s = 0.0
        self._turns = 0
        self._runs_until_s = float("inf")
        #: Processes that were started on the loop, until they have ended.
        self.processes: list[asyncio.SubprocessTransport] = []
        self.idle_waiters: list[asyncio.Future[None]] = []
        self.on_stall: OnStall | None = None
        self.patience_s = 5.0
        self.limit_s = 60.0

    # -- what is real

    def disregard_own(self) -> None:
        """What is registered by now is the loop's own and holds nothing up."""
        self._connections.clear()
        self._own = len(self._real.get_map())
        self._foreign = 0

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        key = self._real.register(fileobj, events, data)
        self._foreign += 1
        if not _listens(key.fd):
            self._connections[key.fd] = None
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        key = self._real.unregister(fileobj)
        self._foreign -= 1
        self._connections.pop(key.fd, None)
        return key

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.modify(fileobj, events, data)

    def close(self) -> None:
        self._real.close()

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()

    # -- time

    def watch(self, on_stall: OnStall | None, patience_s: float, limit_s: float) -> None:
        """Call `on_stall` when real work, or nothing at all, has kept the loop for `patience_s` of real
        time, and when it has run for `limit_s`. None stops watching."""
        self.on_stall, self.patience_s, self.limit_s = on_stall, patience_s, limit_s
        self._silent_s = 0.0
        self._runs_until_s = float("inf") if on_stall is None else time.monotonic() + limit_s

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._turns += 1
        if not self._turns % _TURNS_A_LOOK and time.monotonic() > self._runs_until_s:
            self._runs_until_s = float("inf")
            self._stalled(f"it has run for {self.limit_s:g} s of real time, and there is always more to do")
        # Without files there are only wake-ups by threads, which also stand in the loop's queue.
        ready = self._real.select(0) if self._foreign or not self._turns % _TURNS_A_POLL else []
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if self._clock.held_by or self._connections or (self.processes and self._running()):
            # Real work is under way: virtual time stands still until it reports back.
            return self._wait()
        if self.idle_waiters:
            waiters, self.idle_waiters = self.idle_waiters, []
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_result(None)
            return ready
        if timeout is None:
            return self._wait()  # nothing scheduled: only the outside can wake us
        self._silent_s = 0.0
        self._clock.elapsed_s += timeout
        return ready

    def _poll(self, timeout: float | None) -> list[tuple[selectors.SelectorKey, int]]:
        # Asking the system costs more than a turn of the loop: seldom, where only a signal could answer.
        quiet = timeout is not None and not self._clock.held_by and len(self._real.get_map()) == self._own
        return [] if quiet and self._turns % _TURNS_A_POLL else self._real.select(0)

    def _running(self) -> list[asyncio.SubprocessTransport]:
        self.processes = [process for process in self.processes if process.get_returncode() is None]
        return self.processes

    def _wait(self) -> list[tuple[selectors.SelectorKey, int]]:
        ready = self._real.select(_SLICE_S)
        self._silent_s = 0.0 if ready else self._silent_s + _SLICE_S
        if self._silent_s >= self.patience_s:
            self._silent_s = 0.0
            self._stalled(self._why())
        return ready

    def _stalled(self, why: str) -> None:
        if self.on_stall is not None:
            self.on_stall(why)

    def _why(self) -> str:
        held_by = [
            *dict.fromkeys(self._clock.held_by),
            *(f"the process {process.get_pid()}" for process in self.processes),
            *map(_connection, self._connections),
        ]
        if not held_by:
            return "nothing is scheduled, and no real work is under way that could go on"
        return f"virtual time has stood still for {self.patience_s:g} s, held by {', '.join(held_by)}"


def _listens(fd: int) -> bool:
    try:
        with socket.socket(fileno=os.dup(fd)) as twin:
            return bool(twin.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    except OSError:  # a pipe or a process
        return False


def _connection(fd: int) -> str:
    try:
        with socket.socket(fileno=os.dup(fd)) as twin:
            host, port = twin.getpeername()[:2]
    except (OSError, ValueError):
        return "a pipe or socket that is still open"
    return f"an open connection to {host}:{port}"
