"""Plain JavaScript objects, and reading properties of whatever stands for an options object.

Source: Pyodide `JsProxy` (attribute rules, `as_object_map`), spec python-workers.md section 4.
"""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping, ValuesView
from typing import Any

from edge.js.arrays import JsArray
from edge.js.collections import JsLiteralMap, JsMap, JsSet
from edge.js.proxy import JsClassRef, JsNull, JsProxy, js_property_name
from edge.js.values import to_js_value

__all__ = [
    "JsArray",
    "JsLiteralMap",
    "JsMap",
    "JsObject",
    "JsSet",
    "ObjectMap",
    "get_property",
    "has_property",
    "is_array_index",
    "own_items",
]

_DIGITS = frozenset("0123456789")
_INDEX_LIMIT = 2**32 - 1


def is_array_index(key: str) -> bool:
    """Whether JavaScript lists this key among the numbers: "0" to "4294967294", no leading zeros."""
    if not key or key[0] not in _DIGITS or (key[0] == "0" and len(key) > 1):
        return False
    return len(key) <= 10 and key.isascii() and key.isdigit() and int(key) < _INDEX_LIMIT


def _in_order(props: dict[str, Any]) -> list[tuple[str, Any]]:
    for key in props:
        if key[:1] in _DIGITS:
            break
    else:
        return list(props.items())
    numbered = sorted((key for key in props if is_array_index(key)), key=int)
    named = [key for key in props if not is_array_index(key)]
    return [(key, props[key]) for key in numbered + named]


class _Inherited:
    """A member of Object.prototype, hidden by an own property of the same name."""

    def __init__(self, make: Callable[[JsObject], Any]) -> None:
        self._make = make

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: JsObject | None, owner: type) -> Any:
        if instance is None:
            return self
        own = instance._props
        return own[self._name] if self._name in own else self._make(instance)


class JsObject(JsProxy, js_name="Object"):
    """A plain object: attributes are its properties, in insertion order with numbers first."""

    __slots__ = ("_props",)

    def __init__(self, props: dict[str, Any] | None = None) -> None:
        _set_props(self, {} if props is None else props)

    def __getattr__(self, name: str) -> Any:
        props = self._props
        if name in props:
            return props[name]
        plain = js_property_name(name)
        if plain in props:
            return props[plain]
        raise AttributeError(name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._props[js_property_name(name)] = to_js_value(value)

    def __delattr__(self, name: str) -> None:
        self._props.pop(js_property_name(name), None)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._props]

    def __str__(self) -> str:
        return f"[object {type(self).js_name}]"

    __repr__ = __str__

    constructor = _Inherited(lambda self: JsClassRef(type(self).js_name))
    toString = _Inherited(lambda self: self.__str__)
    toLocaleString = _Inherited(lambda self: self.__str__)
    valueOf = _Inherited(lambda self: lambda: self)
    hasOwnProperty = _Inherited(lambda self: lambda key: property_key(key) in self._props)

    def _own_items(self) -> list[tuple[str, Any]]:
        return _in_order(self._props)

    def as_object_map(self, *, hereditary: bool = False) -> ObjectMap:
        """A live mapping view with item access. Source: Pyodide `JsProxy.as_object_map`."""
        return ObjectMap(self, hereditary)


_set_props = JsObject.__dict__["_props"].__set__


class ObjectMap(JsProxy, js_name="Object"):
    """The mapping view of an object: `obj.as_object_map()["key"]`; with `hereditary` so are its values."""

    __slots__ = ("_hereditary", "_object")

    def __init__(self, target: JsObject, hereditary: bool) -> None:
        self._object = target
        self._hereditary = hereditary

    def _view(self, value: Any) -> Any:
        return ObjectMap(value, True) if self._hereditary and isinstance(value, JsObject) else value

    def __getitem__(self, key: str) -> Any:
        try:
            return self._view(self._object._props[key])
        except (KeyError, TypeError):
            raise KeyError(key) from None

    def __setitem__(self, key: str, value: Any) -> None:
        setattr(self._object, key, value)

    def __delitem__(self, key: str) -> None:
        if key not in self._object._props:
            raise KeyError(key)
        del self._object._props[key]

    def __contains__(self, key: object) -> bool:
        return key in self._object._props

    def __len__(self) -> int:
        return len(self._object._props)

    def __iter__(self) -> Iterator[str]:
        return iter(self._snapshot())

    def _snapshot(self) -> dict[str, Any]:
        return {key: self._view(value) for key, value in self._object._own_items()}

    def keys(self) -> KeysView[str]:
        return self._snapshot().keys()

    def values(self) -> ValuesView[Any]:
        return self._snapshot().values()

    def items(self) -> ItemsView[str, Any]:
        return self._snapshot().items()

    def get(self, key: str, default: Any = None, /) -> Any:
        return self._view(self._object._props.get(key, default))

    def update(self, other: Mapping[str, Any]) -> None:
        for key, value in other.items():
            self[key] = value

    def _own_items(self) -> list[tuple[str, Any]]:
        return self._object._own_items()


def property_key(key: Any) -> str:
    """A JavaScript value as a property name."""
    if isinstance(key, str):
        return key
    from edge.js.webidl import to_string

    return to_string(key)


def get_property(value: Any, name: str, default: Any = None) -> Any:
    """`value[name]` as JavaScript reads an options object; `default` when it is absent or undefined.

    Plain objects, Pyodide's literal maps and Python dicts (their PyProxies show keys as properties) have
    own properties; of other JavaScript objects the attribute is read, primitives have none.
    """
    if isinstance(value, JsObject):
        found = value._props.get(name)
    elif isinstance(value, (JsLiteralMap, dict)):
        found = value.get(name)
    elif value is None or isinstance(value, (str, int, float, JsNull)):
        found = None
    else:
        found = getattr(value, name, None)
    return default if found is None else found


def has_property(value: Any, name: str) -> bool:
    """`name in value` for what may stand for an options object."""
    if isinstance(value, JsObject):
        return name in value._props
    if isinstance(value, (JsLiteralMap, dict)):
        return name in value
    return isinstance(value, JsProxy) and hasattr(value, name)


def own_items(value: Any) -> list[tuple[str, Any]]:
    """`Object.entries(value)`, also of a Python dict that crossed unconverted."""
    if isinstance(value, JsProxy):
        return value._own_items()
    if isinstance(value, dict):
        return [(property_key(key), item) for key, item in value.items()]
    if isinstance(value, str):
        return [(str(index), char) for index, char in enumerate(value)]
    return []
