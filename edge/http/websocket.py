"""WebSocket ends and pairs.

A pair is two ends; what one sends the other receives. An end is consumed in one of three ways, and
until it is, what arrives for it is kept:

- `accept()`: events on the JavaScript object, each in a turn of its own, under the input gate of the
  Durable Object that accepted it;
- a sink (`_attach`): the front door that passes frames to a real socket, or a Durable Object that
  hibernates (`_accept_hibernatable`); frames reach it at once and in order;
- being handed on in a Response, until one of the above happens.

What an end sends inside a Durable Object leaves in order, and only once the writes before it are
durable (the output gate); when those fail it never leaves.

Source: spec runtime.md section 5, durable-objects.md section 10, corrections sections 5 and 10.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections import deque
from typing import Any, Final

from edge.http.buffers import array_buffer, buffer_bytes
from edge.http.events import CloseEvent, ErrorEvent, EventTarget, MessageEvent
from edge.http.frames import DROPPED, DROPPED_REASON, NO_CODE, Close, Frame, Sink, close_frame, give
from edge.http.host import current_host
from edge.http.init import member
from edge.http.outbox import Outbox
from edge.http.subrequests import renew
from edge.js.errors import JsException, error, type_error
from edge.js.functions import js_method
from edge.js.proxy import JsProxy, jsnull
from edge.js.webidl import MISSING, to_string, wrong_type
from edge.kernel.tasks import output_hold, resume_guard
from edge.network.line import Line

__all__ = [
    "CLOSED",
    "CLOSING",
    "DROPPED",
    "DROPPED_REASON",
    "NO_CODE",
    "OPEN",
    "Sink",
    "WebSocket",
    "WebSocketPair",
]

OPEN: Final = 1
CLOSING: Final = 2
CLOSED: Final = 3

ATTACHMENT_BYTES_MAX: Final = 16_384
_NOT_ACCEPTED: Final = (
    "You must call one of accept() or state.acceptWebSocket() on this WebSocket before sending messages."
)


class WebSocket(EventTarget, js_name="WebSocket"):
    """One end of a connection."""

    READY_STATE_CONNECTING = CONNECTING = 0
    READY_STATE_OPEN = OPEN = OPEN
    READY_STATE_CLOSING = CLOSING = CLOSING
    READY_STATE_CLOSED = CLOSED = CLOSED

    def __init__(self) -> None:
        compat = current_host.get().compat
        self._peer: WebSocket | None = None
        self._sink: Sink | None = None
        self._inbox: deque[Frame] = deque()
        self._outbox: Outbox | None = None
        self._lines: tuple[Line, ...] = ()  # what frames pass on their way, with distance
        self._accepted = False
        self._hibernatable = False
        self._handed_on = False
        self._half_open = not compat.websocket_auto_reply
        self._connecting = False
        self._sent_close = False
        self._got_close = False
        self._lost = False  # the other side vanished: what is sent goes nowhere
        self._failed = False
        self._pumping = False
        self._context: contextvars.Context | None = None
        self._attachment: bytes | None = None
        self._ended: asyncio.Future[None] | None = None
        self._url: str | None = None  # only ends made by `new WebSocket` have one
        self._protocol: str | None = None
        self._extensions: str | None = None
        self._binary_type = "blob" if compat.websocket_blob else "arraybuffer"

    # -- JavaScript -----------------------------------------------------------------------------

    @classmethod
    def js_new(cls, url: Any = None, protocols: Any = None, *_: Any) -> WebSocket:
        """`new WebSocket(url, protocols)`: connects at once. Raises SyntaxError for a bad URL."""
        from edge.http.websocket_client import open_socket

        return open_socket(url, protocols)

    @property
    def readyState(self) -> int:
        if self._connecting:
            return self.CONNECTING
        if self._failed or (self._sent_close and self._got_close):
            return self.CLOSED
        return self.CLOSING if self._sent_close or self._got_close else self.OPEN

    @property
    def url(self) -> Any:
        return jsnull if self._url is None else self._url

    @property
    def protocol(self) -> Any:
        return jsnull if self._protocol is None else self._protocol

    @property
    def extensions(self) -> Any:
        return jsnull if self._extensions is None else self._extensions

    @property
    def binaryType(self) -> str:
        return self._binary_type

    @binaryType.setter
    def binaryType(self, value: Any) -> None:
        if value in ("blob", "arraybuffer"):  # others are ignored, as in browsers
            self._binary_type = value

    @js_method
    def accept(self, options: Any = None) -> None:
        """Receive events on this object. Raises TypeError for an end that hibernates or was handed on."""
        if self._hibernatable:
            raise type_error("Can't accept() WebSocket after enabling hibernation.")
        if self._url is not None:
            raise type_error("Websockets obtained from the 'new WebSocket()' constructor cannot call accept")
        if self._handed_on:
            raise type_error("Can't accept() WebSocket that was already used in a response.")
        if (half_open := member(options, "allowHalfOpen")) is not None:
            self._half_open = bool(half_open)
        if not self._accepted:
            self._begin_events()

    def _begin_events(self) -> None:
        self._accepted = True
        self._context = contextvars.copy_context()
        if self._inbox:
            self._pump_soon()

    def send(self, message: Any = MISSING) -> None:
        """Send text or binary. Raises TypeError before accept() and after close()."""
        if message is MISSING:
            raise wrong_type("send", "WebSocket", 1, "ArrayBuffer or ArrayBufferView or string")
        data: str | bytes | None = message if type(message) is str else buffer_bytes(message)
        self._check_accepted()
        if self._sent_close:
            raise type_error("Can't call WebSocket send() after close().")
        if not self._lost:
            self._transmit(to_string(message) if data is None else data)

    def close(self, code: Any = None, reason: Any = None) -> None:
        """Send a Close frame; without a code the other side sees 1005."""
        if self._sent_close:
            return
        if self._connecting:
            self._sent_close = self._got_close = True
            self._connecting = False
            return
        self._check_accepted()
        close = close_frame(code, reason)
        self._sent_close = True
        if not self._lost:
            self._transmit(close)

    def serializeAttachment(self, value: Any = MISSING) -> None:
        """Keep a value with the socket while its Durable Object sleeps; 16,384 bytes serialised."""
        if value is MISSING:
            raise wrong_type("serializeAttachment", "WebSocket", 1, "Value")
        from edge.js.v8 import serialize

        data = serialize(value)
        if len(data) > ATTACHMENT_BYTES_MAX:
            raise error(
                f"A WebSocket 'attachment' cannot be larger than {ATTACHMENT_BYTES_MAX} bytes."
                f"'attachment' was {len(data)} bytes."
            )
        self._attachment = data

    def deserializeAttachment(self) -> Any:
        if self._attachment is None:
            return jsnull
        from edge.js.v8 import deserialize

        return deserialize(self._attachment)

    def _check_accepted(self) -> None:
        if not self._accepted:
            raise type_error(_NOT_ACCEPTED)

    # -- what the front door and Durable Objects use ----------------------------------------------

    def _attach(self, sink: Sink) -> None:
        """Give everything that arrives, and has arrived, to `sink`."""
        self._sink = sink
        self._handed_on = True
        while self._inbox:
            give(sink, self._inbox.popleft())

    def _check_returnable(self) -> None:
        """Raises TypeError unless this end may leave in a Response."""
        if self._handed_on:
            raise type_error("Can't return WebSocket that was already used in a response.")
        if self._accepted:
            raise type_error("Can't return WebSocket in a Response after calling accept().")

    def _accept_hibernatable(self, owner: Sink) -> None:
        """Accept on behalf of a Durable Object; nothing is answered to a Close by itself."""
        self._accepted = self._hibernatable = self._half_open = True
        self._sink = owner
        while self._inbox:
            self._take(self._inbox.popleft())

    def _send(self, data: str | bytes) -> None:
        """What the real client sent."""
        if not self._sent_close:
            self._deliver(data)

    def _close(self, code: int = NO_CODE, reason: str = "") -> None:
        """The real client's Close frame."""
        if not self._sent_close:
            self._sent_close = True
            self._deliver(Close(code, reason, True))

    def _drop(self) -> None:
        """This side vanished without a Close frame."""
        if not self._sent_close:
            self._drop_now()

    def _fail(self, reason: JsException) -> None:
        """The connection broke with an error, which the other side is told."""
        self._sent_close = True
        self._deliver(reason)

    # -- sending ----------------------------------------------------------------------------------

    def _transmit(self, frame: str | bytes | Close) -> None:
        hold = output_hold.get()
        wait = None if hold is None else hold()
        if wait is None and not self._outbox:
            self._deliver(frame)
            return
        if self._outbox is None:
            self._outbox = Outbox(self._deliver, self._drop_now)
        self._outbox.post(frame, wait)

    def _deliver(self, frame: Frame) -> None:
        if self._peer is not None:
            if self._lines:
                self._carry(frame, 0)
            else:
                self._peer._receive(frame)

    def _carry(self, frame: Frame, stage: int) -> None:
        """Send a frame over the lines from `stage` on; when one breaks, so does the connection."""
        assert self._peer is not None, "only connected ends send"
        if stage < len(self._lines):
            self._lines[stage].send(lambda: self._carry(frame, stage + 1), lambda _reason: self._cut())
        else:
            self._peer._receive(frame)

    def _cut(self) -> None:
        """The way between the ends broke: both see a connection that was lost."""
        for end in (self, self._peer):
            if end is not None:
                end._receive(Close(DROPPED, DROPPED_REASON, False))

    def _drop_now(self) -> None:
        """What was to be sent never will be: the other side sees a connection that broke."""
        self._sent_close = True
        self._deliver(Close(DROPPED, DROPPED_REASON, False))

    # -- receiving --------------------------------------------------------------------------------

    def _receive(self, frame: Frame) -> None:
        if self._got_close:
            return
        if self._sink is not None and not self._inbox:
            self._take(frame)
            return
        self._inbox.append(frame)
        if self._accepted:
            self._pump_soon()

    def _take(self, frame: Frame) -> None:
        """Hand a frame to the sink, noting what it means for the state."""
        assert self._sink is not None
        self._note(frame)
        give(self._sink, frame)

    def _until_end(self) -> asyncio.Future[None]:
        """A future that settles once one of the two ends has got a Close or an error."""
        if self._ended is None:
            self._ended = asyncio.get_running_loop().create_future()
            if self._got_close or (self._peer is not None and self._peer._got_close):
                self._ended.set_result(None)
        return self._ended

    def _tell_end(self) -> None:
        for end in (self, self._peer):
            if end is not None and end._ended is not None and not end._ended.done():
                end._ended.set_result(None)

    def _note(self, frame: Frame) -> None:
        if isinstance(frame, Close | JsException):
            self._tell_end()
        if isinstance(frame, Close):
            self._got_close = True
            self._lost = not frame.was_clean
            if frame.was_clean and not self._half_open and not self._sent_close and self._context is not None:
                self._sent_close = True
                self._transmit(Close(frame.code, frame.reason, True))
        elif isinstance(frame, JsException):
            self._got_close = self._lost = self._failed = True

    def _pump_soon(self) -> None:
        if not self._pumping:
            self._pumping = True
            asyncio.get_running_loop().call_soon(self._pump, context=self._context)

    def _pump(self) -> None:
        """Dispatch one frame as an event, once the input gate of the accepting object is open."""
        self._pumping = False
        guard = resume_guard.get()
        try:
            wait = None if guard is None else guard.blocked()
        except asyncio.CancelledError:
            return  # the object that accepted this was reset: nobody is there to hear of it
        if wait is not None:
            self._pumping = True
            wait.add_done_callback(lambda _settled: self._pump(), context=self._context)
            return
        if not self._inbox:
            return
        if guard is not None:
            renew()  # each message is an event of its Durable Object
        frame = self._inbox.popleft()
        self._note(frame)
        self.dispatchEvent(self._event(frame))
        if self._inbox:
            self._pump_soon()

    def _event(self, frame: Frame) -> Any:
        if isinstance(frame, str):
            return MessageEvent("message", frame)
        if isinstance(frame, bytes):
            return MessageEvent("message", self._binary(frame))
        if isinstance(frame, Close):
            return CloseEvent(frame.code, frame.reason, frame.was_clean)
        return ErrorEvent(frame.message, frame)

    def _binary(self, data: bytes) -> Any:
        if self._binary_type == "arraybuffer":
            return array_buffer(data)
        from edge.http.blob import Blob

        return Blob(data)


class WebSocketPair(JsProxy, js_name="WebSocketPair"):
    """Two connected ends under the keys "0" and "1"."""

    __slots__ = ("_ends",)

    def __init__(self) -> None:
        one, other = WebSocket(), WebSocket()
        one._peer, other._peer = other, one
        self._ends = (one, other)

    @classmethod
    def js_new(cls, *_: Any) -> WebSocketPair:
        return cls()

    def __getattr__(self, name: str) -> Any:
        if name in ("0", "1"):
            return self._ends[int(name)]
        raise AttributeError(name)

    def __getitem__(self, index: Any) -> WebSocket:
        return self._ends[int(index)]

    def _own_items(self) -> list[tuple[str, Any]]:
        return [("0", self._ends[0]), ("1", self._ends[1])]
