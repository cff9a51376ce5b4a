"""Number, String, Boolean, BigInt, Math and the number functions of the global object.

Source: ECMA-262.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from edge.js.builtins.objects import members
from edge.js.errors import JsException, range_error, type_error
from edge.js.functions import JsConstructor, JsFunction
from edge.js.objects import JsObject
from edge.js.proxy import JsBigInt, JsProxy
from edge.js.values import MAX_SAFE_INTEGER, to_js_number
from edge.js.webidl import to_number, to_string

_FLOAT = re.compile(r"\s*([+-]?(?:Infinity|\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?))")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def number(value: Any) -> int | float:
    """`Number(value)` in its normal form."""
    return to_js_number(to_number(value))


def parse_float(text: Any = None) -> int | float:
    match = _FLOAT.match(to_string(text))
    return math.nan if match is None else to_js_number(float(match[1]))


def parse_int(text: Any = None, radix: Any = None) -> int | float:
    digits = to_string(text).strip().lower()
    sign = -1 if digits.startswith("-") else 1
    digits = digits.lstrip("+-") if digits[:1] in ("+", "-") else digits
    base = int(to_number(radix)) if radix else 10
    if base in (10, 16) and digits.startswith("0x") and radix in (None, 0, 16):
        base, digits = 16, digits[2:]
    if not 2 <= base <= 36:
        return math.nan
    taken = re.match(f"[{_DIGITS[:base]}]+", digits)
    return math.nan if taken is None else to_js_number(float(sign * int(taken[0], base)))


def _is_integer(value: Any = None) -> bool:
    plain = isinstance(value, (int, float)) and not isinstance(value, (bool, JsBigInt))
    return plain and math.isfinite(value) and float(value).is_integer()


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, (bool, JsBigInt))


def _boxed(name: str) -> Callable[..., Any]:
    def refuse(*_: Any) -> Any:
        raise type_error(f"new {name}() objects are not emulated: call {name}() without new")

    return refuse


def bigint(value: Any = None) -> JsBigInt:
    """`BigInt(value)`; RangeError for fractions, SyntaxError for other texts."""
    if isinstance(value, float):
        raise range_error(
            f"The number {to_string(value)} cannot be converted to a BigInt because it is not an integer"
        )
    if isinstance(value, str):
        try:
            return JsBigInt(int(value.strip() or "0", 0))
        except ValueError:
            raise JsException("SyntaxError", f"Cannot convert {value} to a BigInt") from None
    if isinstance(value, int):
        return JsBigInt(value)
    raise type_error(f"Cannot convert {to_string(value)} to a BigInt")


def truthy(value: Any = None) -> bool:
    """`Boolean(value)`: all objects are true."""
    if isinstance(value, JsProxy):
        return True
    if isinstance(value, float) and math.isnan(value):
        return False
    return bool(value)


def _math_function(function: Callable[..., float]) -> Callable[..., int | float]:
    """A function over doubles: outside of its domain it gives NaN or an infinity, it never raises."""

    def call(*args: Any) -> int | float:
        try:
            return to_js_number(float(function(*[to_number(arg) for arg in args])))
        except ValueError:
            return math.nan
        except OverflowError:
            return math.inf
        except TypeError:
            return math.nan  # too few arguments: undefined is NaN

    return call


def _round(value: float) -> float:
    return value if not math.isfinite(value) else math.floor(value + 0.5)


def _keep(whole: Callable[[float], float]) -> Callable[[float], float]:
    return lambda value: whole(value) if math.isfinite(value) else value


def _extreme(pick: Callable[[list[float]], float], empty: float) -> Callable[..., float]:
    def call(*values: float) -> float:
        if not values:
            return empty
        return math.nan if any(math.isnan(value) for value in values) else pick(list(values))

    return call


def math_object(random: Callable[[], float]) -> JsObject:
    """`Math`, drawing from `random`."""
    functions: dict[str, Callable[..., float]] = {
        "abs": abs,
        "cbrt": math.cbrt,
        "ceil": _keep(math.ceil),
        "floor": _keep(math.floor),
        "trunc": _keep(math.trunc),
        "round": _round,
        "sign": lambda value: value if value == 0 or math.isnan(value) else math.copysign(1, value),
        "max": _extreme(max, -math.inf),
        "min": _extreme(min, math.inf),
        "hypot": math.hypot,
        "log": lambda value: -math.inf if value == 0 else math.log(value),
        "log2": lambda value: -math.inf if value == 0 else math.log2(value),
        "log10": lambda value: -math.inf if value == 0 else math.log10(value),
        "log1p": lambda value: -math.inf if value == -1 else math.log1p(value),
        **{
            name: getattr(math, name) for name in ("exp", "expm1", "sqrt", "pow", "sin", "cos", "tan", "asin")
        },
        **{name: getattr(math, name) for name in ("acos", "atan", "atan2", "sinh", "cosh", "tanh", "asinh")},
        **{name: getattr(math, name) for name in ("acosh", "atanh")},
    }
    constants = {"PI": math.pi, "E": math.e, "LN2": math.log(2), "LN10": math.log(10)}
    constants |= {"LOG2E": math.log2(math.e), "LOG10E": math.log10(math.e)}
    constants |= {"SQRT2": math.sqrt(2), "SQRT1_2": math.sqrt(0.5)}
    made = {name: JsFunction(_math_function(function), name) for name, function in functions.items()}
    return JsObject({**constants, **made, "random": JsFunction(random, "random")})


def number_globals() -> dict[str, Any]:
    """Everything of this module but Math, by its global name."""
    statics: dict[str, Any] = members(
        isInteger=_is_integer,
        isSafeInteger=lambda value=None: _is_integer(value) and abs(value) <= MAX_SAFE_INTEGER,
        isNaN=lambda value=None: _is_number(value) and math.isnan(value),
        isFinite=lambda value=None: _is_number(value) and math.isfinite(value),
        parseFloat=parse_float,
        parseInt=parse_int,
    )
    statics |= {"MAX_SAFE_INTEGER": MAX_SAFE_INTEGER, "MIN_SAFE_INTEGER": -MAX_SAFE_INTEGER}
    statics |= {"EPSILON": 2.0**-52, "MAX_VALUE": 1.7976931348623157e308, "MIN_VALUE": 5e-324}
    statics |= {"POSITIVE_INFINITY": math.inf, "NEGATIVE_INFINITY": -math.inf, "NaN": math.nan}
    return {
        "Number": JsConstructor(
            "Number", _boxed("Number"), call=lambda value=0, *_: number(value), members=statics
        ),
        "String": JsConstructor("String", _boxed("String"), call=lambda value="", *_: to_string(value)),
        "Boolean": JsConstructor("Boolean", _boxed("Boolean"), call=lambda value=None, *_: truthy(value)),
        "BigInt": JsConstructor("BigInt", _not_a_constructor, call=bigint),
        "parseInt": statics["parseInt"],
        "parseFloat": statics["parseFloat"],
        "isNaN": JsFunction(lambda value=None: math.isnan(to_number(value)), "isNaN"),
        "isFinite": JsFunction(lambda value=None: math.isfinite(to_number(value)), "isFinite"),
        "NaN": math.nan,
        "Infinity": math.inf,
    }


def _not_a_constructor(*_: Any) -> Any:
    raise type_error("BigInt is not a constructor")
