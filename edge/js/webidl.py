"""Conversion of arguments at the JavaScript boundary, with workerd's messages.

Each function takes a JavaScript value (see `edge.js.proxy`) and gives the Python value that the
product code wants, or raises the TypeError that workerd raises.
"""

from __future__ import annotations

import math
import re
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
    """JavaScript's Number.prototype.toString for doubles: the shortest digits that read back the same."""
    number = float(value)
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    if number == 0:
        return "0"
    # Python's repr finds the same digits; only where it puts point and exponent differs.
    mantissa, _, exponent = repr(abs(number)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0").rstrip("0")
    leading = len(whole) if whole != "0" else len(fraction.lstrip("0")) - len(fraction)
    return ("-" if number < 0 else "") + _placed(digits, leading + int(exponent or 0))


def _placed(digits: str, point: int) -> str:
    """`0.digits` times ten to the power of `point`, as JavaScript writes it."""
    if 0 < point <= 21:
        return digits.ljust(point, "0")[:point] + ("." + digits[point:] if len(digits) > point else "")
    if -6 < point <= 0:
        return "0." + "0" * -point + digits
    power = point - 1
    tail = "." + digits[1:] if len(digits) > 1 else ""
    return f"{digits[0]}{tail}e{'+' if power > 0 else '-'}{abs(power)}"


_SPACE = "\t\n\v\f\r \xa0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(
    map(chr, range(0x2000, 0x200B))
)
_DECIMAL = re.compile(r"[+-]?(?:Infinity|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)")
_RADIX = re.compile(r"0(?:[xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)")


def to_number(value: Any) -> float:
    """JavaScript's Number(value), as a Python float (NaN when it is none)."""
    if isinstance(value, (bool, int, float)):
        try:
            return float(value)
        except OverflowError:  # a bigint beyond all doubles
            return math.inf if value > 0 else -math.inf
    if isinstance(value, JsNull):
        return 0.0
    if isinstance(value, str):
        return _text_to_number(value.strip(_SPACE))
    if isinstance(value, JsProxy):
        # Dates give their milliseconds, everything else goes through its text.
        own = getattr(value, "getTime", None)
        return float(own()) if callable(own) else _text_to_number(str(value).strip(_SPACE))
    return math.nan


def _text_to_number(text: str) -> float:
    if not text:
        return 0.0
    if _DECIMAL.fullmatch(text):
        return float(text)
    return float(int(text, 0)) if _RADIX.fullmatch(text) else math.nan


def to_int32(value: Any) -> int:
    """Web IDL `long` as workerd enforces it: NaN becomes 0, fractions are cut, overflow raises."""
    number = to_number(value)
    if math.isnan(number):
        return 0
    if math.isinf(number) or not -2147483649 < number < 2147483648:
        raise type_error("Value out of range. Must be between -2147483648 and 2147483647 (inclusive).")
    return int(number)
