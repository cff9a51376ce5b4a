"""Object, Array, Map, Set and their static methods.

Source: ECMA-262; recorded: compat_new `jsproxy_access`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from edge.js.arrays import JsArray
from edge.js.collections import JsMap, JsSet
from edge.js.errors import range_error, type_error
from edge.js.functions import JsConstructor, JsFunction
from edge.js.objects import JsObject, own_items, property_key
from edge.js.proxy import JsNull, JsProxy
from edge.js.values import to_js_value
from edge.js.webidl import to_string


def members(*functions: Callable[..., Any], **named: Callable[..., Any]) -> dict[str, Any]:
    """Functions as JavaScript functions under their JavaScript names."""
    made = {function.__name__.rstrip("_"): JsFunction(function) for function in functions}
    return made | {name: JsFunction(function, name) for name, function in named.items()}


def iterate(value: Any) -> Iterable[Any]:
    """What `for (const item of value)` goes through; a Map gives pairs, unlike in Python."""
    if isinstance(value, JsMap):
        return value.entries()
    if isinstance(value, dict) or not hasattr(value, "__iter__"):
        raise type_error(f"{_shown(value)} is not iterable")
    return value  # type: ignore[no-any-return]


def _shown(value: Any) -> str:
    if value is None or isinstance(value, (bool, int, float, JsNull)):
        kind = "object" if isinstance(value, JsNull) else "boolean" if isinstance(value, bool) else "number"
        return "undefined" if value is None else f"{kind} {to_string(value)}"
    return "object"


def pairs(value: Any) -> list[tuple[Any, Any]]:
    """The entries that a constructor of Map or `Object.fromEntries` takes."""
    if value is None or isinstance(value, JsNull):
        return []
    found = []
    for entry in iterate(value):
        if not isinstance(entry, (JsArray, list, tuple)):
            raise type_error(f"Iterator value {to_string(entry)} is not an entry object")
        first, second, *_ = [*list(entry), None, None]
        found.append((to_js_value(first), to_js_value(second)))
    return found


def from_entries(entries: Any) -> JsObject:
    return JsObject({property_key(key): value for key, value in pairs(entries)})


def assign(target: Any, *sources: Any) -> Any:
    for source in sources:
        for key, value in own_items(source):
            setattr(target, key, value)
    return target


def _same_value(left: Any, right: Any) -> bool:
    if left is right:
        return True
    plain = isinstance(left, (int, float, str)) and isinstance(right, (int, float, str))
    both_nan = left != left and right != right
    return plain and type(left) is type(right) and (left == right or both_nan)


def _new_object(value: Any = None, *_: Any) -> Any:
    return JsObject() if value is None or isinstance(value, JsNull) else value


def object_constructor() -> JsConstructor:
    """`Object`."""
    statics = members(
        assign,
        keys=lambda value: JsArray([key for key, _ in own_items(value)]),
        values=lambda value: JsArray([item for _, item in own_items(value)]),
        entries=lambda value: JsArray([JsArray([key, item]) for key, item in own_items(value)]),
        getOwnPropertyNames=lambda value: JsArray([key for key, _ in own_items(value)]),
        hasOwn=lambda value, key: property_key(key) in dict(own_items(value)),
    )
    statics["is"] = JsFunction(_same_value, "is")
    statics["fromEntries"] = JsFunction(from_entries, "fromEntries")._define(_is_from_entries=True)
    return JsConstructor("Object", _new_object, call=_new_object, members=statics)


def _new_array(*items: Any) -> JsArray:
    if len(items) == 1 and isinstance(items[0], (int, float)) and not isinstance(items[0], bool):
        if not isinstance(items[0], int) or not 0 <= items[0] < 2**32:
            raise range_error("Invalid array length")
        return JsArray([None] * items[0])
    return JsArray(list(items))


def _array_from(source: Any, mapper: Any = None, *_: Any) -> JsArray:
    length = getattr(source, "length", None)
    if not isinstance(source, str) and not hasattr(source, "__iter__"):
        count = length if isinstance(length, int) else 0
        items = [getattr(source, str(index), None) for index in range(count)]
    else:
        items = [to_js_value(item) for item in iterate(source)]
    return JsArray(items if mapper is None else [mapper(item, index) for index, item in enumerate(items)])


def array_constructor() -> JsConstructor:
    """`Array`."""
    statics = members(
        of=lambda *items: JsArray(list(items)), isArray=lambda value=None: isinstance(value, JsArray)
    )
    statics["from"] = JsFunction(_array_from, "from")
    return JsConstructor("Array", _new_array, call=_new_array, members=statics)


def _new_set(values: Any = None, *_: Any) -> JsSet:
    if value_is_nothing(values):
        return JsSet()
    return JsSet(to_js_value(value) for value in iterate(values))


def value_is_nothing(value: Any) -> bool:
    return value is None or isinstance(value, JsNull)


def collection_constructors() -> dict[str, JsProxy]:
    """Everything of this module, by its global name."""
    return {
        "Object": object_constructor(),
        "Array": array_constructor(),
        "Map": JsConstructor("Map", lambda entries=None, *_: JsMap(pairs(entries))),
        "Set": JsConstructor("Set", _new_set),
    }
