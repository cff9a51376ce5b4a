"""What becomes of Python functions and buffers at the boundary, in worlds with strict FFI.

A Python function that is passed to JavaScript is lent: Pyodide destroys its proxy when the call returns, or
when the promise that the call gave settles. JavaScript that kept it (a timer, a listener) fails when it calls
it. A Python buffer is passed as a proxy too, which is no ArrayBuffer. Without strict FFI both are forgiven.

Source: Pyodide "Type translations", texts of its 314.0.6 binary; recorded: compat_new `d1_r2_old_style`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

from edge.js.errors import JsException
from edge.js.objects import JsObject
from edge.js.promise import JsPromise
from edge.js.proxy import JsProxy
from edge.js.values import to_js_value

#: Whether the code that runs now belongs to a Worker with strict FFI.
strict_ffi: ContextVar[bool] = ContextVar("strict_ffi", default=False)

_HINT = "\nFor more information about the cause of this error, use `pyodide.setDebug(true)`"
_AFTER_CALL = (
    "This borrowed proxy was automatically destroyed at the end of a function call. Try using create_proxy "
    f"or create_once_callable.{_HINT}"
)
_AFTER_PROMISE = (
    f"This borrowed proxy was automatically destroyed. Try using create_proxy or create_once_callable.{_HINT}"
)


class Borrowed:
    """A Python function as JavaScript has it for the length of one call."""

    __slots__ = ("_ended", "_function")

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._ended = ""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._ended:
            raise JsException("Error", self._ended)
        return self._function(*args, **kwargs)

    def end(self, because: str) -> None:
        self._ended = because


class Opaque(JsProxy, js_name="Object"):
    """A Python buffer as JavaScript has it: an object that it cannot look into."""

    __slots__ = ("_target",)

    def __init__(self, target: Any) -> None:
        self._target = target


def opaque(chunk: Any) -> Any:
    """A chunk that Python gives to a stream, as JavaScript sees it."""
    if strict_ffi.get() and isinstance(chunk, bytes | bytearray | memoryview):
        return Opaque(chunk)
    return chunk


def lend(
    function: Callable[..., Any], receiver: tuple[Any, ...], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Any:
    """Call `function` of JavaScript with Python's arguments; the functions among them are lent."""
    lent: list[Borrowed] = []

    def cross(value: Any) -> Any:
        crossed = to_js_value(value)
        if not callable(crossed) or isinstance(crossed, JsProxy | type | Borrowed):
            return crossed
        lent.append(Borrowed(crossed))
        return lent[-1]

    passed = [cross(arg) for arg in args]
    if kwargs:
        passed.append(JsObject({key: cross(value) for key, value in kwargs.items()}))
    result = None
    try:
        result = function(*receiver, *passed)
        return result
    finally:
        if lent and isinstance(result, JsPromise):
            result.when_settled(lambda: _take_back(lent, _AFTER_PROMISE))
        else:
            _take_back(lent, _AFTER_CALL)


def _take_back(lent: list[Borrowed], because: str) -> None:
    for function in lent:
        function.end(because)
