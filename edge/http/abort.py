"""AbortController and AbortSignal."""

from __future__ import annotations

from typing import Any

from edge.http.events import Event, EventTarget
from edge.http.host import current_host
from edge.js.errors import JsException, type_error
from edge.js.proxy import JsProxy
from edge.js.webidl import to_number


def abort_error() -> JsException:
    return JsException("AbortError", "The operation was aborted")


class AbortSignal(EventTarget, js_name="AbortSignal"):
    """Tells whether, and why, something shall stop."""

    def __init__(self) -> None:
        self._aborted = False
        self._reason: Any = None
        self._timer: Any = None

    @classmethod
    def js_new(cls, *_: Any) -> AbortSignal:
        raise type_error("Illegal constructor")

    @staticmethod
    def abort(reason: Any = None) -> AbortSignal:
        signal = AbortSignal()
        signal.trigger(reason)
        return signal

    @staticmethod
    def timeout(delay_ms: Any = None) -> AbortSignal:
        """A signal that fires by itself, with a TimeoutError."""
        signal = AbortSignal()
        clock = current_host.get().clock
        reason = JsException("TimeoutError", "The operation was aborted due to timeout")
        signal._timer = clock.call_at(
            clock.now() + to_number(delay_ms) / 1000, lambda: signal.trigger(reason)
        )
        return signal

    @staticmethod
    def any(signals: Any) -> AbortSignal:
        """A signal that fires with the first of `signals`."""
        combined = AbortSignal()
        sources = list(signals)
        for source in sources:
            if source.aborted:
                combined.trigger(source.reason)
                return combined
        for source in sources:
            source._listen("abort", lambda event: combined.trigger(event.target.reason))
        return combined

    @property
    def aborted(self) -> bool:
        return self._aborted

    @property
    def reason(self) -> Any:
        return self._reason

    def throwIfAborted(self) -> None:
        if self._aborted:
            raise (
                self._reason
                if isinstance(self._reason, BaseException)
                else JsException("Error", str(self._reason))
            )

    def trigger(self, reason: Any = None) -> None:
        """Fire, once; without a reason it is an AbortError."""
        if self._aborted:
            return
        self._aborted = True
        self._reason = abort_error() if reason is None else reason
        self.dispatchEvent(Event("abort"))


class AbortController(JsProxy, js_name="AbortController"):
    """Owns a signal."""

    __slots__ = ("signal",)

    def __init__(self) -> None:
        self.signal = AbortSignal()

    @classmethod
    def js_new(cls, *_: Any) -> AbortController:
        return cls()

    def abort(self, reason: Any = None) -> None:
        self.signal.trigger(reason)
