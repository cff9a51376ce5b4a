"""A WebSocket through the object: what one side sends the other gets (spec section 3.4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from js import WebSocketPair
from pyodide.ffi import create_proxy

#: Codes that stand for "no code" and must not be sent.
_NOT_SENT = (1005, 1006)


def bridge(inner: Any, on_message: Callable[[], None], on_end: Callable[[], None]) -> Any:
    """Connect the container's socket `inner` with a new one; returns the end for the client. `on_message`
    is called for each message either way, `on_end` once, when the first of both sides has ended."""
    client, outer = WebSocketPair.new().object_values()
    Bridge(inner, outer, on_message, on_end)
    return client


class Bridge:
    """Two sockets, each the other's outlet."""

    def __init__(
        self, inner: Any, outer: Any, on_message: Callable[[], None], on_end: Callable[[], None]
    ) -> None:
        self._on_message = on_message
        self._on_end: Callable[[], None] | None = on_end
        for socket in (inner, outer):
            socket.binaryType = "arraybuffer"  # a Blob would have to be read first, and lose its turn
            socket.accept()
        self._forward(outer, inner, "Failed to forward message to container", "Client WebSocket error")
        self._forward(inner, outer, "Failed to forward message to client", "Container WebSocket error")

    def _forward(self, source: Any, target: Any, undelivered: str, broken: str) -> None:
        def on_message(event: Any) -> None:
            self._on_message()
            try:
                target.send(event.data)
            except Exception:
                source.close(1011, undelivered)

        def on_close(event: Any) -> None:
            self._end()
            target.close(1000 if event.code in _NOT_SENT else event.code, event.reason)

        def on_error(_event: Any) -> None:
            self._end()
            target.close(1011, broken)

        for name, listener in (("message", on_message), ("close", on_close), ("error", on_error)):
            source.addEventListener(name, create_proxy(listener))

    def _end(self) -> None:
        on_end, self._on_end = self._on_end, None
        if on_end is not None:
            on_end()
