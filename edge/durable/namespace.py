"""`env.<NAME>`: the namespace of a Durable Object class.

Source: spec durable-objects.md section 1, corrections section 1; recording `ids`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edge.durable.ids import DurableObjectId, IdFactory
from edge.durable.stub import DurableObjectStub
from edge.js.errors import error, range_error
from edge.js.functions import js_method
from edge.js.objects import get_property
from edge.js.proxy import JsProxy
from edge.js.webidl import MISSING, to_string, wrong_type

if TYPE_CHECKING:
    from edge.durable.host import DurableHost

_NAME = "DurableObjectNamespace"
_NO_JURISDICTIONS = "Jurisdiction restrictions are not implemented in workerd."


class DurableObjectNamespace(JsProxy, js_name=_NAME):
    """Makes ids and stubs."""

    __slots__ = ("_host", "_ids")

    def __init__(self, host: DurableHost, ids: IdFactory) -> None:
        self._host = host
        self._ids = ids

    @js_method
    def idFromName(self, name: Any = MISSING) -> DurableObjectId:
        if name is MISSING:
            raise wrong_type("idFromName", _NAME, 1, "string")
        return self._ids.from_name(to_string(name))

    @js_method
    def idFromString(self, text: Any = MISSING) -> DurableObjectId:
        if text is MISSING:
            raise wrong_type("idFromString", _NAME, 1, "string")
        return self._ids.from_string(to_string(text))

    @js_method
    def newUniqueId(self, options: Any = None) -> DurableObjectId:
        if get_property(options, "jurisdiction") is not None:
            raise error(_NO_JURISDICTIONS)
        return self._ids.unique(self._host.random_id_bytes())

    @js_method
    def get(self, object_id: Any = None, options: Any = None) -> DurableObjectStub:
        if not isinstance(object_id, DurableObjectId):
            raise wrong_type("get", _NAME, 1, "DurableObjectId")
        return DurableObjectStub(self._host, object_id, _location_hint(options))

    @js_method
    def getByName(self, name: Any = MISSING, options: Any = None) -> DurableObjectStub:
        if name is MISSING:
            raise wrong_type("getByName", _NAME, 1, "string")
        return DurableObjectStub(self._host, self._ids.from_name(to_string(name)), _location_hint(options))

    @js_method
    def jurisdiction(self, name: Any = None) -> DurableObjectNamespace:
        if name is not None:
            raise error(_NO_JURISDICTIONS)
        return DurableObjectNamespace(self._host, self._ids)


def _location_hint(options: Any) -> str | None:
    """The hint as it comes; raises RangeError for a routing mode there is not."""
    if options is None:
        return None
    mode = get_property(options, "routingMode")
    if mode is not None and mode != "primary-only":
        raise range_error(f"unknown routingMode: {to_string(mode)}")
    hint = get_property(options, "locationHint")
    return None if hint is None else to_string(hint)
