"""Values between Python and JavaScript as the SDK converts them for RPC and bindings.

Source: spec python-workers.md sections 3 and 4, corrections section 4. Both functions are on every hot
path, so values that need no conversion leave in the first lines.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from edge.js.buffers import JsArrayBuffer, JsBuffer
from edge.js.collections import JsMap, JsSet
from edge.js.dates import JsDate
from edge.js.errors import JsException
from edge.js.functions import JsDoubleProxy
from edge.js.objects import JsArray, JsObject
from edge.js.proxy import JsBigInt, JsProxy, jsnull
from edge.js.typed_arrays import JsUint8Array
from edge.js.webidl import to_string
from wrangler_compat.modules.sdk.blob import Blob, File
from wrangler_compat.modules.sdk.formdata import FormData
from wrangler_compat.modules.sdk.request import Request
from wrangler_compat.modules.sdk.response import Response

_BIG = 2**53 - 1  # from here on Pyodide makes a BigInt


class Wrapped:
    """Base of all that stands for a JavaScript object and goes back as that object."""

    _binding: Any


class JsDict(dict[str, Any]):
    """A plain JavaScript object: a dict whose keys are attributes too, unless dict has that name."""

    __module__ = "workers.rpc"

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value


# -- Python to JavaScript ---------------------------------------------------------------------------


def python_to_rpc(value: Any) -> Any:
    """A Python value as the JavaScript value that crosses to a binding or another Worker.

    Raises TypeError for tuples, bytearrays, awaitables and regular expressions, also nested ones.
    """
    kind = type(value)
    if kind is str or kind is bool or (kind is int and -_BIG < value < _BIG):
        return value
    if value is None:
        return jsnull
    convert = _TO_JS.get(kind)
    return convert(value) if convert is not None else _object_to_js(value)


def _int_to_js(value: int) -> int:
    return int(value) if -_BIG < value < _BIG else JsBigInt(value)


def _float_to_js(value: float) -> float:
    # A JavaScript number that is whole comes back to Python as int.
    return int(value) if value.is_integer() and -_BIG < value < _BIG else value


def _dict_to_js(value: dict[Any, Any]) -> JsObject:
    return JsObject(
        {key if type(key) is str else to_string(key): python_to_rpc(item) for key, item in value.items()}
    )


def _list_to_js(value: list[Any]) -> JsArray:
    return JsArray([python_to_rpc(item) for item in value])


def _set_to_js(value: set[Any]) -> JsSet:
    return JsSet([python_to_rpc(item) for item in value])


def _memoryview_to_js(value: memoryview) -> Any:
    if value.format == "B":
        return JsUint8Array.of_bytes(value.tobytes())
    from edge.js.convert import to_js

    return to_js(value)


def _datetime_to_js(value: datetime) -> JsDate:
    return JsDate(int(value.timestamp() * 1000))


def _refuse(value: Any) -> Any:
    raise TypeError(f"{type(value)} cannot be sent over RPC.")


_TO_JS: dict[type, Callable[[Any], Any]] = {
    int: _int_to_js,
    JsBigInt: lambda value: value,
    float: _float_to_js,
    dict: _dict_to_js,
    JsDict: _dict_to_js,
    list: _list_to_js,
    set: _set_to_js,
    bytes: JsUint8Array.of_bytes,
    memoryview: _memoryview_to_js,
    datetime: _datetime_to_js,
    tuple: _refuse,
    bytearray: _refuse,
}


def _object_to_js(value: Any) -> Any:
    """Values of all other types; those of subclasses are converted as their base is."""
    if isinstance(value, Wrapped):
        return value._binding
    if isinstance(value, JsProxy):
        return _proxy_to_js(value)
    if callable(value) and not isinstance(value, type):
        return JsDoubleProxy(value)
    for kind in type(value).__mro__[1:]:
        if kind in _TO_JS:
            return _TO_JS[kind](value)
        if kind is str:
            return str.__str__(value)
    if inspect.isawaitable(value):
        raise TypeError(f"Awaitable {type(value)} cannot be sent over RPC.")
    if hasattr(value, "js_object"):
        return value.js_object
    if isinstance(value, Exception):
        return JsException("Error", str(value))
    _refuse_inside(value)
    return value


def _proxy_to_js(value: JsProxy) -> Any:
    if type(value).js_name == "RegExp":
        raise TypeError("RegExp cannot be sent over RPC.")
    if not callable(value) and inspect.isawaitable(value):
        raise TypeError(f"Awaitable {type(value)} cannot be sent over RPC.")
    return value


def _refuse_inside(value: Any) -> None:
    """Look at the members of an iterable that crosses as it is; a generator is used up by that."""
    if isinstance(value, Iterable):
        for member in value:
            if isinstance(member, (tuple, bytearray)):
                _refuse(member)


# -- JavaScript to Python ---------------------------------------------------------------------------


def python_from_rpc(value: Any) -> Any:
    """A JavaScript value as Python sees it: null as None, objects as dicts, arrays as lists, and so on.

    JavaScript objects without a Python form (streams, sockets, …) come back as they are.
    """
    kind = type(value)
    if kind is str or kind is int or kind is bool or value is None:
        return value
    convert = _FROM_JS.get(kind)
    if convert is not None:
        return convert(value)
    if value is jsnull:
        return None
    return _object_from_js(value) if isinstance(value, JsProxy) else value


def _float_from_js(value: float) -> float:
    return int(value) if value.is_integer() and -_BIG <= value <= _BIG else value


def _object_to_dict(value: JsObject) -> JsDict:
    return JsDict({key: python_from_rpc(item) for key, item in value._own_items()})


def _array_to_list(value: JsArray) -> list[Any]:
    return [python_from_rpc(item) for item in value._items]


def _map_to_dict(value: JsMap) -> JsDict:
    return JsDict({python_from_rpc(key): python_from_rpc(item) for key, item in value._pairs()})


def _set_to_set(value: JsSet) -> set[Any]:
    return {python_from_rpc(item) for item in value}


_FROM_JS: dict[type, Callable[[Any], Any]] = {
    float: _float_from_js,
    JsObject: _object_to_dict,
    JsArray: _array_to_list,
    JsMap: _map_to_dict,
    JsSet: _set_to_set,
    JsArrayBuffer: JsBuffer.to_memoryview,
    JsUint8Array: JsBuffer.to_memoryview,
}


def _date_from_js(value: JsDate) -> datetime:
    """Naive, in local time, which on the edge is UTC."""
    return datetime.fromtimestamp(value.getTime() / 1000)


_CLASSES: dict[str, Callable[[Any], Any]] = {
    "Response": Response,
    "Request": Request,
    "FormData": FormData,
    "Blob": Blob,
    "File": lambda value: File(value, value.name),
    "Date": _date_from_js,
}


def _object_from_js(value: JsProxy) -> Any:
    if isinstance(value, JsException):
        return Exception(str(value)) if value.constructor.name == "Error" else value
    if isinstance(value, JsMap):
        return _map_to_dict(value)
    if isinstance(value, JsBuffer):
        return value.to_memoryview()
    convert = _CLASSES.get(type(value).js_name)
    return value if convert is None else convert(value)


def js_class(value: Any) -> str | None:
    """`value.constructor.name` of a JavaScript object, None for anything else."""
    if isinstance(value, JsException):
        return value.constructor.name  # type: ignore[no-any-return]
    return type(value).js_name if isinstance(value, JsProxy) else None
