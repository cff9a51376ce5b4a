"""WebSockets that outlive their object's instance.

A hibernatable socket belongs to the object, not to one of its lives: its frames wake the object when it
is not in memory. Frames of one socket are delivered one after the other, each when the handler of the one
before has ended; different sockets do not wait for each other. A text frame that equals the automatic
response's request is answered without waking anybody.

Source: spec durable-objects.md section 10, corrections section 10; recordings websocket.json (`hib …`).
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from edge.durable.events import HandlerEvent
from edge.http.websocket import OPEN, WebSocket
from edge.js.buffers import JsArrayBuffer
from edge.js.errors import JsException, error, range_error
from edge.js.proxy import JsProxy
from edge.js.webidl import MISSING, to_string, wrong_type
from edge.kernel.clock import Clock

if TYPE_CHECKING:
    from edge.durable.slot import Slot

SOCKETS_MAX = 32_768
TAGS_MAX = 10
TAG_CHARS_MAX = 256
AUTO_RESPONSE_BYTES_MAX = 2048
EVENT_TIMEOUT_MAX_MS = 604_800_000

_log = logging.getLogger("edge.durable")
_ALREADY_ACCEPTED = "Cannot call `acceptWebSocket()` if the WebSocket was already accepted via `accept()`"
_PAIR_USED = (
    "Cannot call `acceptWebSocket()` on this WebSocket because its pair has already been accepted or used "
    "in a Response."
)
_NOT_ACCEPTED = "you must call 'acceptWebSocket()' before attempting to access the tags of a WebSocket."


class AutoResponse(JsProxy, js_name="WebSocketRequestResponsePair"):
    """A request text and what answers it."""

    __slots__ = ("request", "response")

    def __init__(self, request: str, response: str) -> None:
        self.request = request
        self.response = response

    @classmethod
    def js_new(cls, request: Any = MISSING, response: Any = MISSING) -> AutoResponse:
        """`new WebSocketRequestResponsePair(request, response)`."""
        for index, value in enumerate((request, response), 1):
            if value is MISSING:
                raise wrong_type("constructor", cls.js_name, index, "string")
        return cls(to_string(request), to_string(response))

    def check_size(self) -> None:
        """Raises RangeError when one of the texts is too long."""
        for label, text in (("Request", self.request), ("Response", self.response)):
            size_bytes = len(text.encode("utf-8", "replace"))
            if size_bytes > AUTO_RESPONSE_BYTES_MAX:
                raise range_error(
                    f"{label} cannot be larger than {AUTO_RESPONSE_BYTES_MAX} bytes. "
                    f"A {label.lower()} of size {size_bytes} was provided."
                )


class HibernatableSocket:
    """One accepted socket with its tags and the frames that wait (`edge.http.websocket.Sink`)."""

    __slots__ = ("_busy", "_frames", "_owner", "answered_ms", "socket", "tags")

    def __init__(self, owner: HibernatableSockets, socket: WebSocket, tags: tuple[str, ...]) -> None:
        self._owner = owner
        self._frames: deque[tuple[str, tuple[Any, ...]]] = deque()
        self._busy = False
        self.socket = socket
        self.tags = tags
        self.answered_ms: float | None = None

    def on_message(self, data: str | bytes) -> None:
        auto = self._owner.auto_response
        if auto is not None and data == auto.request:
            if self.socket.readyState != OPEN:
                return  # the object has closed already: there is nothing to answer any more
            self.answered_ms = self._owner.clock.now_ms()
            self.socket.send(auto.response)
            return
        self._put("webSocketMessage", data if isinstance(data, str) else JsArrayBuffer(data))

    def on_close(self, code: int, reason: str, was_clean: bool) -> None:
        self._put("webSocketClose", code, reason, was_clean)

    def on_error(self, reason: JsException) -> None:
        self._put("webSocketError", reason)

    def _put(self, handler: str, *args: Any) -> None:
        self._frames.append((handler, args))
        if not self._busy:
            self._next()

    def _next(self) -> None:
        if not self._frames:
            self._busy = False
            return
        self._busy = True
        handler, args = self._frames.popleft()
        done = self._owner.deliver(HandlerEvent(handler, (self.socket, *args)))
        last = handler != "webSocketMessage"
        done.add_done_callback(lambda ended: self._handled(handler, ended, last=last))

    def _handled(self, handler: str, ended: asyncio.Future[Any], *, last: bool) -> None:
        if (failure := ended.exception()) is not None:
            _log.error("%s of %s raised", handler, self._owner.label, exc_info=failure)
        if last:
            self._owner.forget(self)
        self._next()


class HibernatableSockets:
    """The hibernatable sockets of one object."""

    __slots__ = ("_by_socket", "_slot", "auto_response", "clock", "event_timeout_ms")

    def __init__(self, slot: Slot) -> None:
        self._slot = slot
        self._by_socket: dict[WebSocket, HibernatableSocket] = {}
        self.clock: Clock = slot.host.clock
        self.auto_response: AutoResponse | None = None
        self.event_timeout_ms: int | None = None

    def __len__(self) -> int:
        return len(self._by_socket)

    @property
    def label(self) -> str:
        return f"{self._slot.host.class_name} {self._slot.id}"

    def accept(self, socket: WebSocket, tags: Sequence[str]) -> None:
        """Take a socket over. Raises Error with the platform's texts."""
        if socket._accepted:
            raise error(_ALREADY_ACCEPTED)
        peer = socket._peer
        if socket._handed_on or (peer is not None and (peer._accepted or peer._handed_on)):
            raise error(_PAIR_USED)
        if len(self._by_socket) >= SOCKETS_MAX:
            raise error(f"only {SOCKETS_MAX} websockets can be accepted on a single Durable Object instance")
        distinct = tuple(dict.fromkeys(tags))
        if len(distinct) > TAGS_MAX:
            raise error(f"a Hibernatable WebSocket cannot have more than {TAGS_MAX} tags")
        for tag in distinct:
            if len(tag) > TAG_CHARS_MAX:
                raise error(f'"{tag}" is longer than the max tag length ({TAG_CHARS_MAX} characters).')
        held = HibernatableSocket(self, socket, distinct)
        self._by_socket[socket] = held
        socket._accept_hibernatable(held)

    def list(self, tag: str | None) -> Iterator[WebSocket]:
        """All sockets, the last accepted first; or those with a tag, in the order they were accepted."""
        if tag is None:
            return reversed(self._by_socket)
        return (socket for socket, held in self._by_socket.items() if tag in held.tags)

    def tags(self, socket: WebSocket) -> tuple[str, ...]:
        return self._held(socket).tags

    def answered_ms(self, socket: WebSocket) -> float | None:
        """When the automatic response last answered on this socket."""
        held = self._by_socket.get(socket)
        return None if held is None else held.answered_ms

    def _held(self, socket: WebSocket) -> HibernatableSocket:
        held = self._by_socket.get(socket)
        if held is None:
            raise error(_NOT_ACCEPTED)
        return held

    def set_auto_response(self, pair: AutoResponse | None) -> None:
        """Raises RangeError when one of the texts is too long."""
        if pair is not None:
            pair.check_size()
        self.auto_response = pair

    def set_event_timeout(self, timeout_ms: int) -> None:
        """How long an event of a socket may take; 0 for as long as it likes. Raises Error beyond a week."""
        if timeout_ms > EVENT_TIMEOUT_MAX_MS:
            raise error(f"Event timeout should not exceed {EVENT_TIMEOUT_MAX_MS} ms.")
        self.event_timeout_ms = timeout_ms or None

    def deliver(self, event: HandlerEvent) -> asyncio.Future[Any]:
        """Give an event to the object, waking it if need be."""
        actor = self._slot.current()
        done = actor.deliver(event)
        if self.event_timeout_ms is not None:
            limit_s = self.event_timeout_ms / 1000
            timer = self.clock.call_at(self.clock.now() + limit_s, event.cut_off)
            done.add_done_callback(lambda _: timer.cancel())
        return done

    def forget(self, held: HibernatableSocket) -> None:
        """The socket is closed and its handler has ended."""
        self._by_socket.pop(held.socket, None)

    def drop_all(self) -> None:
        """The object was reset: its connections are cut without a Close frame."""
        held, self._by_socket = list(self._by_socket), {}
        for socket in held:
            socket._drop()
