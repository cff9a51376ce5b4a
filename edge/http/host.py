"""What the classes of this package need to know about the world they run in.

Headers, bodies and sockets are made deep inside user code, so the world's clock, randomness and the
Worker's compatibility switches reach them through a context variable. The world sets it once for
each invocation; without one (tests, tools) the newest behaviour on wall-clock time applies.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from edge.config import WorkerConfig
from edge.js.borrowed import strict_ffi
from edge.kernel.clock import Clock, WallClock
from edge.kernel.random import RandomStreams

if TYPE_CHECKING:
    from edge.http.request import Request
    from edge.http.response import Response


class Transport(Protocol):
    """Carries one request to where its URL points; redirects are not its business."""

    async def send(self, request: Request) -> Response:
        """The response. Raises JsException when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class HttpCompat:
    """Behaviour that changed with a compatibility date (spec runtime.md section 5)."""

    #: Binary messages on ordinary sockets arrive as Blob, not ArrayBuffer.
    websocket_blob: bool = True
    #: A Close frame is answered before the close event (ordinary sockets only).
    websocket_auto_reply: bool = True
    #: A close reason above 123 bytes raises SyntaxError.
    websocket_reason_limit: bool = True
    #: Python functions and buffers cross to JavaScript as Pyodide's proxies do (`edge.js.borrowed`).
    strict_ffi: bool = False

    @classmethod
    def of(cls, config: WorkerConfig) -> HttpCompat:
        return cls(
            websocket_blob=config.has_flag("websocket_standard_binary_type", "2026-03-17"),
            websocket_auto_reply=config.has_flag("web_socket_auto_reply_to_close", "2026-04-07"),
            websocket_reason_limit=config.compatibility_date >= "2026-03-03",
            strict_ffi=config.strict_ffi is not None,
        )


@dataclass(frozen=True, slots=True)
class Host:
    """The world around the code that runs now."""

    compat: HttpCompat = field(default_factory=HttpCompat)
    clock: Clock = field(default_factory=WallClock)
    random: RandomStreams = field(default_factory=RandomStreams)
    #: Where `fetch` and `new WebSocket` lead; None refuses both.
    outbound: Transport | None = None
    #: How many subrequests an invocation may make.
    subrequests_max: float = float("inf")
    #: The clock that code of the Worker reads (`edge.worker.worker_time`); None: `clock`.
    shown: Clock | None = None
    #: Gives what the global `caches` opens (`edge.cache.caches.Caches`); None outside of a world.
    caches: Callable[[], Any] | None = None

    @property
    def shown_clock(self) -> Clock:
        """What `Date.now()` and its like show."""
        return self.shown or self.clock


_ANYWHERE = Host()

#: The host of the running invocation.
current_host: ContextVar[Host] = ContextVar("http_host", default=_ANYWHERE)

HostTokens = tuple[Token[Host], Token[bool]]


def enter_host(host: Host) -> HostTokens:
    """Make `host` that of the code which runs from here on."""
    return current_host.set(host), strict_ffi.set(host.compat.strict_ffi)


def leave_host(tokens: HostTokens) -> None:
    """Undo `enter_host`."""
    host_before, strict_before = tokens
    current_host.reset(host_before)
    strict_ffi.reset(strict_before)
