"""`ctx` of a Durable Object.

Sources: spec durable-objects.md sections 3, 4 and 10; recordings `context_members`, `accept_errors`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edge.durable.events import Aborted
from edge.durable.ids import DurableObjectId
from edge.durable.storage import DurableObjectStorage
from edge.errors import UnsupportedError
from edge.http.websocket import WebSocket
from edge.js.arrays import JsArray
from edge.js.dates import JsDate
from edge.js.errors import JsException, error
from edge.js.functions import js_method
from edge.js.objects import JsObject, get_property
from edge.js.promise import JsPromise
from edge.js.proxy import JsNull, JsProxy, jsnull
from edge.js.python_error import call_back
from edge.js.webidl import to_int32, to_string, wrong_type

if TYPE_CHECKING:
    from edge.durable.actor import Actor
    from edge.durable.hibernation import AutoResponse
    from edge.durable.slot import Slot

_NAME = "DurableObjectState"
_ABORTED = "Application called abort() to reset Durable Object."


class DurableObjectState(JsProxy, js_name=_NAME):
    """What an object may do to itself."""

    __slots__ = ("_actor", "_container", "_props", "_slot", "_storage", "retries_alarm")

    def __init__(self, actor: Actor, slot: Slot, storage: DurableObjectStorage) -> None:
        self._actor = actor
        self._slot = slot
        self._storage = storage
        self._props: JsObject | None = None
        self._container: JsProxy | None = None
        self.retries_alarm = True

    @property
    def id(self) -> DurableObjectId:
        return self._slot.id

    @property
    def storage(self) -> DurableObjectStorage:
        return self._storage

    @property
    def props(self) -> JsObject:
        if self._props is None:
            self._props = JsObject()
        return self._props

    @property
    def exports(self) -> Any:
        found = self._slot.host.isolate.loopback
        if found is None:
            raise AttributeError("exports")
        return found

    @property
    def container(self) -> JsProxy | None:
        """Undefined (None) when the class has no container."""
        make = self._slot.host.container
        if self._container is None and make is not None:
            self._container = make(str(self._slot.id), self._slot.id.name)
        return self._container

    def _leaves(self) -> None:
        """The object is put away."""
        leaves = getattr(self._container, "_leaves", None)
        if leaves is not None:
            leaves()

    @property
    def facets(self) -> Any:
        raise UnsupportedError("ctx.facets is not emulated (docs/limitations.md)")

    @js_method
    def waitUntil(self, work: Any = None) -> None:
        self._actor.invocation.wait_until(work)

    @js_method
    def blockConcurrencyWhile(self, callback: Any = None) -> JsPromise:
        if not callable(callback):
            raise wrong_type("blockConcurrencyWhile", _NAME, 1, "function")
        return self._actor.block(call_back(callback))

    @js_method
    def abort(self, reason: Any = None, options: Any = None) -> None:
        """Reset the object at once. Raises what `except Exception` does not catch."""
        if get_property(options, "retryAlarm") is False:
            self.retries_alarm = False
        failure = reason if isinstance(reason, JsException) else error(_text(reason))
        failure.durableObjectReset = True
        self._actor.break_(failure)
        raise Aborted(failure.message)

    # -- WebSockets

    @js_method
    def acceptWebSocket(self, socket: Any = None, tags: Any = None) -> None:
        if not isinstance(socket, WebSocket):
            raise wrong_type("acceptWebSocket", _NAME, 1, "WebSocket")
        if tags is None or isinstance(tags, JsNull):
            names: list[str] = []
        elif isinstance(tags, JsArray):
            names = [to_string(tag) for tag in tags]
        else:
            raise wrong_type("acceptWebSocket", _NAME, 2, "Array")
        self._slot.sockets.accept(socket, names)

    @js_method
    def getWebSockets(self, tag: Any = None) -> JsArray:
        wanted = None if tag is None or isinstance(tag, JsNull) else to_string(tag)
        return JsArray(list(self._slot.sockets.list(wanted)))

    @js_method
    def getTags(self, socket: Any = None) -> JsArray:
        return JsArray(list(self._slot.sockets.tags(_socket(socket, "getTags"))))

    @js_method
    def setWebSocketAutoResponse(self, pair: Any = None) -> None:
        from edge.durable.hibernation import AutoResponse

        if pair is None or isinstance(pair, JsNull):
            self._slot.sockets.set_auto_response(None)
        elif isinstance(pair, AutoResponse):
            self._slot.sockets.set_auto_response(pair)
        else:
            raise wrong_type("setWebSocketAutoResponse", _NAME, 1, "WebSocketRequestResponsePair")

    @js_method
    def getWebSocketAutoResponse(self) -> AutoResponse | JsNull:
        return self._slot.sockets.auto_response or jsnull

    @js_method
    def getWebSocketAutoResponseTimestamp(self, socket: Any = None) -> JsDate | JsNull:
        at_ms = self._slot.sockets.answered_ms(_socket(socket, "getWebSocketAutoResponseTimestamp"))
        return jsnull if at_ms is None else JsDate(at_ms)

    @js_method
    def setHibernatableWebSocketEventTimeout(self, timeout_ms: Any = None) -> None:
        absent = timeout_ms is None or isinstance(timeout_ms, JsNull)
        self._slot.sockets.set_event_timeout(0 if absent else to_int32(timeout_ms))

    @js_method
    def getHibernatableWebSocketEventTimeout(self) -> int | JsNull:
        return self._slot.sockets.event_timeout_ms or jsnull

    def _lose(self, reason: BaseException) -> None:
        """The object broke: its code can no longer reach its storage, whatever it still does."""
        self._storage._lose(reason)


def _text(reason: Any) -> str:
    return _ABORTED if reason is None or isinstance(reason, JsNull) else to_string(reason)


def _socket(value: Any, method: str) -> WebSocket:
    if not isinstance(value, WebSocket):
        raise wrong_type(method, _NAME, 1, "WebSocket")
    return value
