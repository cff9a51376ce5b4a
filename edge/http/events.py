"""Events and event targets.

Source: DOM standard as far as Workers have it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from edge.http.init import given, member, wrong_parameter
from edge.js.errors import type_error
from edge.js.functions import js_method
from edge.js.proxy import JsProxy, jsnull
from edge.js.webidl import to_string
from edge.kernel.tasks import spawn

_log = logging.getLogger("edge.worker")


class Event(JsProxy, js_name="Event"):
    """Something that happened at `target`."""

    target: Any = jsnull
    currentTarget: Any = jsnull
    bubbles = False
    cancelable = False
    composed = False
    defaultPrevented = False
    isTrusted = True
    timeStamp = 0  # workerd has no clock for events
    _stopped = False

    def __init__(self, type: str) -> None:
        self.type = type

    @classmethod
    def js_new(cls, type: Any = None, init: Any = None, *_: Any) -> Event:
        """`new Event(type, {bubbles, cancelable, composed})`."""
        if type is None:
            raise wrong_parameter(cls.js_name, 1, "string")
        event = cls._from_init(to_string(type), init)
        event.isTrusted = False
        for name in ("bubbles", "cancelable", "composed"):
            setattr(event, name, bool(member(init, name)))
        return event

    @classmethod
    def _from_init(cls, type: str, init: Any) -> Event:
        return cls(type)

    def preventDefault(self) -> None:
        self.defaultPrevented = self.cancelable

    def stopImmediatePropagation(self) -> None:
        self._stopped = True

    def stopPropagation(self) -> None:
        """Events do not travel here: there is no tree."""


class MessageEvent(Event, js_name="MessageEvent"):
    """Data that arrived."""

    def __init__(self, type: str = "message", data: Any = None) -> None:
        super().__init__(type)
        self.data = data

    @classmethod
    def _from_init(cls, type: str, init: Any) -> Event:
        return cls(type, member(init, "data"))


class CloseEvent(Event, js_name="CloseEvent"):
    """A WebSocket that was closed."""

    def __init__(self, code: int = 0, reason: str = "", was_clean: bool = False, type: str = "close") -> None:
        super().__init__(type)
        self.code = code
        self.reason = reason
        self.wasClean = was_clean

    @classmethod
    def _from_init(cls, type: str, init: Any) -> Event:
        code, reason = member(init, "code"), member(init, "reason")
        return cls(
            code if given(code) else 0,
            to_string(reason) if given(reason) else "",
            bool(member(init, "wasClean")),
            type,
        )


class ErrorEvent(Event, js_name="ErrorEvent"):
    """Something that failed."""

    def __init__(self, message: str = "", error: Any = None, type: str = "error") -> None:
        super().__init__(type)
        self.message = message
        self.error = error
        self.filename = ""
        self.lineno = self.colno = 0

    @classmethod
    def _from_init(cls, type: str, init: Any) -> Event:
        message = member(init, "message")
        return cls(to_string(message) if given(message) else "", member(init, "error"), type)


@dataclass(slots=True)
class _Listener:
    callback: Any
    once: bool
    removed: bool = False


class EventTarget(JsProxy, js_name="EventTarget"):
    """Keeps listeners and calls them in the order in which they came."""

    _listeners: dict[str, list[_Listener]] | None = None

    @classmethod
    def js_new(cls, *_: Any) -> EventTarget:
        return cls()

    @js_method
    def addEventListener(self, type: Any, listener: Any = None, options: Any = None) -> None:
        self._listen(type, listener, options)

    def _listen(self, type: Any, listener: Any, options: Any = None) -> None:
        """`addEventListener` for listeners of the emulator's own, which are lent to nobody."""
        if not given(listener):
            return
        if self._listeners is None:
            self._listeners = {}
        name = to_string(type)
        listeners = self._listeners.setdefault(name, [])
        if any(known.callback is listener for known in listeners):
            return
        added = _Listener(listener, bool(member(options, "once")))
        listeners.append(added)
        if given(signal := member(options, "signal")):
            signal._listen("abort", lambda _event: self._discard(name, added))

    @js_method
    def removeEventListener(self, type: Any, listener: Any = None, options: Any = None) -> None:
        name = to_string(type)
        for known in list((self._listeners or {}).get(name, ())):
            if known.callback is listener:
                self._discard(name, known)

    def _discard(self, type: str, listener: _Listener) -> None:
        listeners = (self._listeners or {}).get(type, [])
        if listener in listeners:
            listener.removed = True
            listeners.remove(listener)

    def dispatchEvent(self, event: Any) -> bool:
        if not isinstance(event, Event):
            raise type_error(
                "Failed to execute 'dispatchEvent' on 'EventTarget': parameter 1 is not of type 'Event'."
            )
        event.target = event.currentTarget = self
        handler = self.__dict__.get(f"on{event.type}")
        if callable(handler):
            _call(handler, event)
        for listener in list((self._listeners or {}).get(event.type, ())):
            if event._stopped:
                break
            if listener.removed:
                continue
            if listener.once:
                self._discard(event.type, listener)
            _call(listener.callback, event)
        return not event.defaultPrevented


def _call(listener: Any, event: Event) -> None:
    """Call one listener; what it raises is reported and does not reach the others."""
    handler = listener if callable(listener) else listener.handleEvent
    try:
        result = handler(event)
    except Exception as error:
        _log.error("Uncaught (in %s listener) %s", event.type, error, exc_info=error)
        return
    if hasattr(result, "__await__"):  # an async listener is nobody's to await
        spawn(_reported(result, event.type), name=f"listener.{event.type}")


async def _reported(work: Any, type: str) -> None:
    try:
        await work
    except Exception as error:
        _log.error("Uncaught (in async %s listener) %s", type, error, exc_info=error)
