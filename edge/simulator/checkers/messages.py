"""WebSocket messages arrive in the order in which they were sent, each once, none missing before a close."""

from __future__ import annotations

from collections import deque
from typing import Any
from weakref import WeakKeyDictionary

from edge.http.frames import Close, Frame
from edge.http.websocket import WebSocket
from edge.kernel.clock import Clock
from edge.simulator.checker import Broken, Checker
from edge.simulator.seams import Seams


class Messages(Checker):
    """Remembers what is on its way from each end."""

    name = "messages"
    promise = "messages of one WebSocket arrive in their order, each once, and all before a clean close"

    def __init__(self, clock: Clock, broken: Broken) -> None:
        super().__init__(clock, broken)
        self._on_way: WeakKeyDictionary[Any, deque[Frame]] = WeakKeyDictionary()

    def listen(self, seams: Seams) -> None:
        seams.around(WebSocket, "_transmit", self._on_sent)
        seams.around(WebSocket, "_send", self._on_sent)
        seams.around(WebSocket, "_receive", self._on_received)

    def _on_sent(self, original: Any) -> Any:
        def sent(end: WebSocket, frame: Frame) -> None:
            if isinstance(frame, (str, bytes)) and not end._sent_close:
                self._on_way.setdefault(end, deque()).append(frame)
            original(end, frame)

        return sent

    def _on_received(self, original: Any) -> Any:
        def received(end: WebSocket, frame: Frame) -> None:
            if end._peer is not None and not end._got_close:
                self._arrived(self._on_way.get(end._peer), frame)
            original(end, frame)

        return received

    def _arrived(self, on_way: deque[Frame] | None, frame: Frame) -> None:
        if isinstance(frame, Close):
            if on_way and frame.was_clean:
                self.broke(f"a WebSocket closed with {len(on_way)} message(s) never delivered")
            elif on_way:
                on_way.clear()
        elif isinstance(frame, (str, bytes)):
            self.checked += 1
            if not on_way or on_way[0] is not frame:
                late = on_way is not None and any(other is frame for other in on_way)
                self.broke("a message overtook an earlier one" if late else "a message came twice")
            else:
                on_way.popleft()
