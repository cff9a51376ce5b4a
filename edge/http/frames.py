"""What travels over a WebSocket: messages, Close frames, errors, and who takes them.

Source: spec runtime.md section 5, durable-objects.md section 10.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple, Protocol

from edge.http.host import current_host
from edge.http.init import given
from edge.js.errors import JsException, type_error
from edge.js.webidl import to_int32, to_string

NO_CODE: Final = 1005
DROPPED: Final = 1006
DROPPED_REASON: Final = "WebSocket disconnected without sending Close frame."
_REASON_BYTES_MAX: Final = 123
_RESERVED_CODES: Final = frozenset({1004, 1005, 1006, 1015})


class Close(NamedTuple):
    """A Close frame, or the end of a connection without one."""

    code: int
    reason: str
    was_clean: bool


Frame = str | bytes | Close | JsException


class Sink(Protocol):
    """Takes what arrives at an end. The calls come in order and must not block."""

    def on_message(self, data: str | bytes) -> None: ...

    def on_close(self, code: int, reason: str, was_clean: bool) -> None:
        """The other side closed (1005 when it gave no code), or vanished (`was_clean` False)."""
        ...

    def on_error(self, reason: JsException) -> None: ...


def give(sink: Sink, frame: Frame) -> None:
    """Hand one frame to a sink."""
    if isinstance(frame, (str, bytes)):
        sink.on_message(frame)
    elif isinstance(frame, Close):
        sink.on_close(frame.code, frame.reason, frame.was_clean)
    else:
        sink.on_error(frame)


def close_frame(code: Any, reason: Any) -> Close:
    """Check what was passed to close(). Raises InvalidAccessError, SyntaxError or TypeError."""
    text = to_string(reason) if given(reason) else ""
    if not given(code):
        if given(reason):
            raise type_error("If you specify a WebSocket close reason, you must also specify a code.")
        return Close(NO_CODE, "", True)
    number = to_int32(code)
    if not 1000 <= number < 5000 or number in _RESERVED_CODES:
        raise JsException("InvalidAccessError", f"Invalid WebSocket close code: {number}.")
    if len(text.encode()) > _REASON_BYTES_MAX and current_host.get().compat.websocket_reason_limit:
        raise JsException(
            "SyntaxError", f"WebSocket close reason must not be longer than {_REASON_BYTES_MAX} bytes."
        )
    return Close(number, text, True)
