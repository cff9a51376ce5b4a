"""Metadata filters: which vectors a query looks at.

A property that a vector does not have counts as null.

Source: spec runtime.md section 14; Vectorize "Metadata filtering".
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from edge.vectorize.logic.definition import Scalar, cut
from edge.vectorize.logic.limits import FILTER_BYTES_MAX, FILTER_KEY_CHARS_MAX
from edge.vectorize.logic.refusal import VectorizeRefused

#: Whether what can be filtered of a vector passes.
Filter = Callable[[Mapping[str, Scalar]], bool]

_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "$lt": operator.lt,
    "$lte": operator.le,
    "$gt": operator.gt,
    "$gte": operator.ge,
}
_LISTS = ("$in", "$nin")


def read_filter(given: Any) -> Filter:
    """The filter in `given`, as JSON has it. Raises VectorizeRefused."""
    if not isinstance(given, dict) or not given:
        raise VectorizeRefused("filter must be a non-empty object")
    if len(json.dumps(given, separators=(",", ":"), ensure_ascii=False).encode()) >= FILTER_BYTES_MAX:
        raise VectorizeRefused(f"filter must be smaller than {FILTER_BYTES_MAX} bytes")
    tests = list(_tests(given, ""))
    return lambda properties: all(test(properties.get(path)) for path, test in tests)


def _tests(given: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Callable[[Scalar], bool]]]:
    for key, value in given.items():
        path = prefix + _checked_key(key)
        if not isinstance(value, dict):
            yield path, _test(path, "$eq", value)
        elif value and all(name.startswith("$") for name in value):
            _check_range(path, value)
            for name, operand in value.items():
                yield path, _test(path, name, operand)
        elif value and not any(name.startswith("$") for name in value):
            yield from _tests(value, f"{path}.")
        else:
            raise VectorizeRefused(f"filter of {path!r} must be a value or an object of operators")


def _checked_key(key: str) -> str:
    if not key or len(key) > FILTER_KEY_CHARS_MAX or key.startswith("$") or '"' in key or "|" in key:
        raise VectorizeRefused(f"filter key {key!r} is not valid")
    return key


def _check_range(path: str, operators: Mapping[str, Any]) -> None:
    """Operators go alone, but for one lower and one upper bound."""
    if len(operators) == 1:
        return
    bounds = sorted(name[:3] for name in operators)
    if bounds != ["$gt", "$lt"] or not all(name in _ORDERS for name in operators):
        raise VectorizeRefused(f"filter of {path!r}: only one lower and one upper bound go together")


def _test(path: str, name: str, operand: Any) -> Callable[[Scalar], bool]:
    if name in _LISTS:
        if not isinstance(operand, list) or not all(_is_scalar(one) for one in operand):
            raise VectorizeRefused(f"filter of {path!r}: {name} takes an array of values")
        wanted = [_key(one) for one in operand]
        return lambda value: (_key(value) in wanted) == (name == "$in")
    if not _is_scalar(operand):
        raise VectorizeRefused(f"filter of {path!r}: {name} takes a string, number, boolean or null")
    if name in ("$eq", "$ne"):
        one = _key(operand)
        return lambda value: (_key(value) == one) == (name == "$eq")
    compare = _ORDERS.get(name)
    if compare is None:
        raise VectorizeRefused(f"filter of {path!r}: unknown operator {name}")
    kind, bound = _key(operand)
    if kind not in ("string", "number"):
        raise VectorizeRefused(f"filter of {path!r}: {name} takes a string or a number")
    return lambda value: _key(value)[0] == kind and compare(_key(value)[1], bound)


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, (str, int, float, bool))


def _key(value: Scalar) -> tuple[str, Any]:
    """A value that equals another only of the same kind, cut as it is indexed."""
    if isinstance(value, bool):
        return "boolean", value
    if isinstance(value, str):
        return "string", cut(value).encode()
    return ("null", None) if value is None else ("number", value)
