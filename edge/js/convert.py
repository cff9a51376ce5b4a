"""Deep conversion between Python and JavaScript: Pyodide's `to_js` and `JsProxy.to_py`.

Two versions of Pyodide are in force, by compatibility date (spec python-workers.md section 1); they
differ in what a dict becomes and in how bigints come back.

Source: Pyodide 314 and 0.28 behaviour; recorded: compat_new, compat_old.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from edge.js.arrays import JsArray
from edge.js.buffers import JsBuffer
from edge.js.collections import JsLiteralMap, JsMap, JsSet
from edge.js.objects import JsObject, own_items, property_key
from edge.js.proxy import JsBigInt, JsNull, JsProxy
from edge.js.typed_arrays import TYPED_ARRAYS, JsTypedArray, JsUint8Array
from edge.js.values import to_js_value

__all__ = ["PYODIDE_0_28", "PYODIDE_314", "ConversionError", "FfiProfile", "to_js", "to_js_value", "to_py"]


class ConversionError(Exception):
    """A value has no counterpart on the other side."""


@dataclass(frozen=True, slots=True)
class FfiProfile:
    """What differs between versions of Pyodide."""

    version: str
    #: `to_js(dict)` gives a LiteralMap, not a plain object.
    literal_maps: bool
    #: A bigint that returns to Python is a plain int, not a JsBigInt.
    plain_bigints: bool


PYODIDE_314 = FfiProfile("314.0.6", literal_maps=False, plain_bigints=False)
PYODIDE_0_28 = FfiProfile("0.28.2", literal_maps=True, plain_bigints=True)

_FORMATS = {cls._code: cls for cls in TYPED_ARRAYS.values() if cls.js_name != "Uint8ClampedArray"} | {
    "l": TYPED_ARRAYS["Int32Array"],
    "L": TYPED_ARRAYS["Uint32Array"],
    "c": JsUint8Array,
}


def is_immutable(value: Any) -> bool:
    """Whether a Python value has an immutable JavaScript counterpart."""
    return value is None or isinstance(value, (str, int, float, JsNull))


def to_js(
    value: Any,
    /,
    *,
    depth: int = -1,
    pyproxies: Any = None,
    create_pyproxies: bool = True,
    dict_converter: Callable[[Any], Any] | None = None,
    default_converter: Callable[..., Any] | None = None,
    eager_converter: Callable[..., Any] | None = None,
    profile: FfiProfile = PYODIDE_314,
) -> Any:
    """Convert `value` deeply: list and tuple to Array, dict to Object (or LiteralMap), set to Set,
    bytes and buffers to typed arrays; other objects through `default_converter` or as they are.

    Raises ConversionError for what can be converted in no way. Source: Pyodide `to_js`.
    """
    if is_immutable(value) or isinstance(value, JsProxy):
        return to_js_value(value)
    conversion = _ToJs(profile, dict_converter, default_converter, eager_converter)
    conversion.proxies = pyproxies
    conversion.create_proxies = create_pyproxies
    return conversion.convert(value, depth)


class _ToJs:
    """One run of `to_js`; `seen` keeps shared and cyclic containers shared and cyclic."""

    def __init__(
        self,
        profile: FfiProfile,
        dict_converter: Callable[[Any], Any] | None,
        default_converter: Callable[..., Any] | None,
        eager_converter: Callable[..., Any] | None,
    ) -> None:
        self.profile = profile
        self.dict_converter = dict_converter
        self.default_converter = default_converter
        self.eager_converter = eager_converter
        self.proxies: Any = None
        self.create_proxies = True
        self.seen: dict[int, Any] = {}
        self.alive: list[Any] = []  # ids in `seen` stay unique while their objects live
        self.eager_seen: set[int] = set()

    def convert(self, value: Any, depth: int) -> Any:
        if is_immutable(value) or isinstance(value, JsProxy):
            return to_js_value(value)
        found = self.seen.get(id(value))
        if found is not None:
            return found
        return self.default(value, depth) if depth == 0 else self.deep(value, depth - 1)

    def deep(self, value: Any, depth: int) -> Any:
        if self.eager_converter is not None and id(value) not in self.eager_seen:
            self.eager_seen.add(id(value))
            self.alive.append(value)
            return to_js_value(
                self.eager_converter(value, lambda inner: self.convert(inner, depth), self.remember)
            )
        if isinstance(value, (list, tuple)):
            return self.array(value, depth)
        if isinstance(value, dict):
            return self.mapping(value, depth)
        if isinstance(value, (set, frozenset)) and not isinstance(value, frozenset):
            return self.set(value)
        buffer = _typed_array(value)
        return self.default(value, depth) if buffer is None else buffer

    def remember(self, value: Any, converted: Any) -> Any:
        self.seen[id(value)] = converted
        self.alive.append(value)
        return converted

    def array(self, value: Any, depth: int) -> JsArray:
        items: list[Any] = []
        array: JsArray = self.remember(value, JsArray(items))
        for item in value:
            items.append(self.convert(item, depth))
        return array

    def mapping(self, value: dict[Any, Any], depth: int) -> Any:
        if self.dict_converter is None:
            return self.literal_map(value, depth) if self.profile.literal_maps else self.object(value, depth)
        if getattr(self.dict_converter, "_is_from_entries", False):
            return self.object(value, depth)
        pairs = [JsArray([self.key(key), self.convert(item, depth)]) for key, item in value.items()]
        return self.remember(value, to_js_value(self.dict_converter(JsArray(pairs))))

    def key(self, key: Any) -> Any:
        if not is_immutable(key):
            raise ConversionError(f"Cannot use {key!r} as a key for a Javascript Map")
        return to_js_value(key)

    def object(self, value: dict[Any, Any], depth: int) -> JsObject:
        props: dict[str, Any] = {}
        converted: JsObject = self.remember(value, JsObject(props))
        for key, item in value.items():
            name = key if type(key) is str else property_key(self.key(key))
            if name in props:
                raise ConversionError(
                    f"Key collision when converting Python dictionary to JavaScript. Key: {name!r}"
                )
            props[name] = self.convert(item, depth)
        return converted

    def literal_map(self, value: dict[Any, Any], depth: int) -> JsLiteralMap:
        converted: JsLiteralMap = self.remember(value, JsLiteralMap())
        for key, item in value.items():
            converted.set(self.key(key), self.convert(item, depth))
        return converted

    def set(self, value: Any) -> JsSet:
        for item in value:
            if not is_immutable(item):
                raise ConversionError(f"Cannot use {item!r} as a key for a Javascript Set")
        converted: JsSet = self.remember(value, JsSet(to_js_value(item) for item in value))
        return converted

    def default(self, value: Any, depth: int) -> Any:
        if self.default_converter is not None:
            return to_js_value(
                self.default_converter(value, lambda inner: self.convert(inner, depth), self.remember)
            )
        if not self.create_proxies:
            raise ConversionError("No conversion known for x.")
        if self.proxies is not None:
            self.proxies.append(value)
        return value


def _typed_array(value: Any) -> JsTypedArray | None:
    """A Python buffer as a typed array of its element type, copied; None for what is no buffer."""
    if type(value) is bytes:
        return JsUint8Array.of_bytes(value)
    try:
        view = memoryview(value)
    except TypeError:
        return None
    return _FORMATS.get(view.format.lstrip("<=@"), JsUint8Array).of_bytes(view.tobytes())


def to_py(
    value: Any,
    *,
    depth: int = -1,
    default_converter: Callable[..., Any] | None = None,
    profile: FfiProfile = PYODIDE_314,
) -> Any:
    """Convert a JavaScript value deeply: Array to list, Object and Map to dict, Set to set, buffers to
    memoryview. Null stays `jsnull`; other objects go through `default_converter` or stay themselves.

    Raises JsException for maps that Python cannot hold. Source: Pyodide `JsProxy.to_py`.
    """
    return _ToPy(default_converter, profile).convert(value, depth)


class _ToPy:
    def __init__(self, default_converter: Callable[..., Any] | None, profile: FfiProfile) -> None:
        self.default_converter = default_converter
        self.plain_bigints = profile.plain_bigints
        self.seen: dict[int, Any] = {}

    def convert(self, value: Any, depth: int) -> Any:
        if not isinstance(value, JsProxy):
            return int(value) if self.plain_bigints and type(value) is JsBigInt else value
        if depth == 0:
            return value
        found = self.seen.get(id(value))
        return self.other(value, depth - 1) if found is None else found

    def other(self, value: JsProxy, depth: int) -> Any:
        if type(value) is JsObject:
            return self.dict(value, value._own_items(), depth)
        if isinstance(value, JsArray):
            items: list[Any] = []
            self.seen[id(value)] = items
            items.extend([self.convert(item, depth) for item in value._items])
            return items
        if isinstance(value, JsMap):
            self.refuse_collisions("Map", value)
            return self.dict(value, value._pairs(), depth)
        if isinstance(value, JsSet):
            self.refuse_collisions("Set", value)
            return {self.key(item, "set") for item in value}
        if isinstance(value, JsBuffer):
            return value.to_memoryview()
        if type(value).js_name == "Object" and isinstance(value, JsObject):
            return self.dict(value, own_items(value), depth)
        if self.default_converter is None:
            return value
        return self.default_converter(value, lambda inner: self.convert(inner, depth), self.remember)

    def remember(self, value: Any, converted: Any) -> None:
        self.seen[id(value)] = converted

    def dict(self, value: JsProxy, pairs: list[tuple[Any, Any]], depth: int) -> Any:
        converted: dict[Any, Any] = {}
        self.seen[id(value)] = converted
        for key, item in pairs:
            converted[self.key(key, "dict")] = self.convert(item, depth)
        return converted

    def key(self, key: Any, container: str) -> Any:
        if isinstance(key, JsProxy):
            from edge.js.errors import error

            name = key.constructor.name
            raise error(f"Cannot use key of type {name} as a key to a Python {container}")
        return key

    def refuse_collisions(self, kind: str, keys: JsMap | JsSet) -> None:
        from edge.js.errors import error

        for number, boolean in ((1, True), (0, False)):
            if number in keys and boolean in keys:
                raise error(
                    f"Cannot faithfully convert {kind} into Python since it contains both {number} and "
                    f"{str(boolean).lower()} as keys."
                )
