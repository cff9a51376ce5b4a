"""JavaScript Map and Set, which Python sees as mutable mappings and sets.

Source: Pyodide `JsMutableMap`, ECMA-262 Map and Set; keys compare by SameValueZero.
"""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterable, Iterator, KeysView, ValuesView
from typing import Any

from edge.js.iterators import JsIterator
from edge.js.proxy import JsBigInt, JsProxy, js_property_name
from edge.js.values import to_js_value

_MISSING: Any = object()


class _Key:
    """A key that Python would take for another one: true for 1, 1n for 1, equal Python objects."""

    __slots__ = ("identity", "value")

    def __init__(self, identity: tuple[str, Any], value: Any) -> None:
        self.identity = identity
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.identity == self.identity

    def __hash__(self) -> int:
        return hash(self.identity)


def _boxed(key: Any) -> Any:
    """A JavaScript value as a Python dict key with the same notion of equality."""
    kind = type(key)
    if kind is str or kind is int or key is None or isinstance(key, JsProxy):
        return key
    if kind is bool:
        return _Key(("boolean", key), key)
    if kind is JsBigInt:
        return _Key(("bigint", int(key)), key)
    if kind is float:
        return key if key == key else _Key(("number", "NaN"), key)
    return _Key(("object", id(key)), key)


def _unboxed(key: Any) -> Any:
    return key.value if type(key) is _Key else key


class JsMap(JsProxy, js_name="Map"):
    """A Map in insertion order."""

    __slots__ = ("_data",)

    def __init__(self, items: Iterable[tuple[Any, Any]] = ()) -> None:
        self._data: dict[Any, Any] = {_boxed(key): value for key, value in items}

    def __len__(self) -> int:
        return len(self._data)

    def __iter__(self) -> Iterator[Any]:
        return map(_unboxed, self._data)

    def __contains__(self, key: object) -> bool:
        return _boxed(key) in self._data

    def __getitem__(self, key: Any) -> Any:
        found = self._data.get(_boxed(key), _MISSING)
        if found is _MISSING:
            raise KeyError(key)
        return found

    def __setitem__(self, key: Any, value: Any) -> None:
        self._data[_boxed(to_js_value(key))] = to_js_value(value)

    def __delitem__(self, key: Any) -> None:
        if self._data.pop(_boxed(key), _MISSING) is _MISSING:
            raise KeyError(key)

    def _pairs(self) -> list[tuple[Any, Any]]:
        return [(_unboxed(key), value) for key, value in self._data.items()]

    def keys(self) -> KeysView[Any]:
        return KeysView(self)

    def values(self) -> ValuesView[Any]:
        return ValuesView(self)

    def items(self) -> ItemsView[Any, Any]:
        return ItemsView(self)

    def get(self, key: Any, default: Any = None, /) -> Any:
        return self._data.get(_boxed(key), default)

    def pop(self, key: Any, default: Any = _MISSING, /) -> Any:
        found = self._data.pop(_boxed(key), default)
        if found is _MISSING:
            raise KeyError(key)
        return found

    def popitem(self) -> tuple[Any, Any]:
        if not self._data:
            raise KeyError("popitem(): dictionary is empty")
        key, value = self._data.popitem()
        return _unboxed(key), value

    def setdefault(self, key: Any, default: Any = None) -> Any:
        return self._data.setdefault(_boxed(to_js_value(key)), to_js_value(default))

    def update(self, other: Any = (), /, **more: Any) -> None:
        pairs = other.items() if hasattr(other, "items") else other
        for key, value in [*pairs, *more.items()]:
            self[key] = value

    def clear(self) -> None:
        self._data.clear()

    @property
    def size(self) -> int:
        return len(self._data)

    def has(self, key: Any) -> bool:
        return key in self

    def set(self, key: Any, value: Any = None) -> JsMap:
        self[key] = value
        return self

    def delete(self, key: Any) -> bool:
        return self._data.pop(_boxed(key), _MISSING) is not _MISSING

    def entries(self) -> JsIterator:
        from edge.js.arrays import JsArray

        return JsIterator(JsArray([key, value]) for key, value in self._pairs())

    def forEach(self, callback: Callable[..., Any]) -> None:
        for key, value in self._pairs():
            callback(value, key, self)


class JsLiteralMap(JsMap, js_name="LiteralMap"):
    """What `to_js(dict)` gives before Pyodide 0.29: a Map whose string keys are properties too."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        found = self._data.get(js_property_name(name), _MISSING)
        if found is _MISSING:
            raise AttributeError(name)
        return found

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "_data":
            object.__setattr__(self, name, value)
        else:
            self[js_property_name(name)] = value

    def __delattr__(self, name: str) -> None:
        self.delete(js_property_name(name))

    def _own_items(self) -> list[tuple[str, Any]]:
        return [(key, value) for key, value in self._pairs() if isinstance(key, str)]


class JsSet(JsProxy, js_name="Set"):
    """A Set in insertion order."""

    __slots__ = ("_data",)

    def __init__(self, values: Iterable[Any] = ()) -> None:
        self._data: dict[Any, None] = dict.fromkeys(map(_boxed, values))

    def __len__(self) -> int:
        return len(self._data)

    def __iter__(self) -> Iterator[Any]:
        return map(_unboxed, list(self._data))

    def __contains__(self, value: object) -> bool:
        return _boxed(value) in self._data

    @property
    def size(self) -> int:
        return len(self._data)

    def has(self, value: Any) -> bool:
        return value in self

    def add(self, value: Any) -> JsSet:
        self._data[_boxed(to_js_value(value))] = None
        return self

    def delete(self, value: Any) -> bool:
        return self._data.pop(_boxed(value), _MISSING) is not _MISSING

    def clear(self) -> None:
        self._data.clear()

    def values(self) -> JsIterator:
        return JsIterator(iter(self))

    keys = values

    def entries(self) -> JsIterator:
        from edge.js.arrays import JsArray

        return JsIterator(JsArray([value, value]) for value in self)

    def forEach(self, callback: Callable[..., Any]) -> None:
        for value in self:
            callback(value, value, self)
