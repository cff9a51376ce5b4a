"""Conversion of arguments at the JavaScript boundary, with workerd's messages.

Each function takes a JavaScript value (see `edge.js.proxy`) and gives the Python value that the
product code wants, or raises the TypeError that workerd raises.
"""

from __future__ import annotations

import math
from typing import Any

from edge.js.errors import type_error
from edge.js.proxy import JsNull, JsProxy

MISSING: Any = object()  # default for parameters whose absence differs from undefined


def wrong_type(method: str, owner: str, index: int, expected: str) -> Exception:
    """`Failed to execute 'get' on 'KvNamespace': parameter 1 is not of type 'string'.`"""
    return type_error(
        f"Failed to execute '{method}' on '{owner}': parameter {index} is not of type '{expected}'."
    )


def to_string(value: Any) -> str:
    """JavaScript's String(value)."""
    if isinstance(value, str):
        return value
    if value is None:
        return "undefined"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        return number_to_string(value)
    if isinstance(value, (JsNull, JsProxy)):
        return str(value)
    return str(value)


def number_to_string(value: float) -> str:
    """JavaScript's Number.prototype.toString for doubles."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    text = repr(value)
    mantissa, _, exponent = text.partition("e")
    if not exponent:
        return text
    power = int(exponent)
    if -7 < power < 0:  # Python switches to exponents below 1e-4, JavaScript below 1e-6
        return f"{value:.{max(0, len(mantissa.replace('.', '').lstrip('-')) - 1 - power)}f}"
    return f"{mantissa}e{'+' if power > 0 else '-'}{abs(power)}"


def to_number(value: Any) -> float:
    """JavaScript's Number(value), as a Python float (NaN when it is none)."""
    if isinstance(value, (bool, int, float)):
        return float(value)
    if isinstance(value, JsNull):
        return 0.0
    if isinstance(value, str):
        text = value.strip()
        try:
            return float(text) if text else 0.0
        except ValueError:
            return math.nan
    return math.nan


def to_int32(value: Any) -> int:
    """Web IDL `long` as workerd enforces it: NaN becomes 0, fractions are cut, overflow raises."""
    number = to_number(value)
    if math.isnan(number):
        return 0
    if math.isinf(number) or not -2147483649 < number < 2147483648:
        raise type_error("Value out of range. Must be between -2147483648 and 2147483647 (inclusive).")
    return int(number)
