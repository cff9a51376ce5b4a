"""The shallow step of every crossing from Python: numbers take the form in which JavaScript keeps them.

A number of JavaScript is an int here when a double holds it as a safe integer, else a float, so that
2.0 arrives as 2; an int beyond the safe range is a bigint. Everything else crosses as it is.

Source: Pyodide python2js/js2python, recordings compat_new `rpc_old_style` and durable_kv `value_types`.
"""

from __future__ import annotations

from typing import Any

from edge.js.proxy import JsBigInt

MAX_SAFE_INTEGER = 2**53 - 1


def to_js_value(value: Any) -> Any:
    """A Python value as the JavaScript value it is without being copied."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    if kind is int:
        return value if -MAX_SAFE_INTEGER < value < MAX_SAFE_INTEGER else JsBigInt(value)
    if kind is float:
        return to_js_number(value)
    return _subclass(value)


def to_js_number(value: float) -> int | float:
    """A double in its normal form: an int when it is a safe integer."""
    # The range is asked first: infinities are not integers, and NaN is in no range.
    if -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER and value.is_integer():
        return int(value)
    return value


def _subclass(value: Any) -> Any:
    """Subclasses of str, int and float cross as what they derive from; other objects as themselves."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, JsBigInt):
        return value
    if isinstance(value, int):
        return to_js_value(int(value))
    if isinstance(value, float):
        return to_js_number(float(value))
    return value
