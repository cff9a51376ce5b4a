"""Arguments of the storage API: what JavaScript passes, with the platform's refusals."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, Concatenate, Protocol, TypeVar

import apsw

from edge.durable.logic.key_range import BOTH_STARTS, LIMIT_NOT_POSITIVE, KeyRange
from edge.js.arrays import JsArray
from edge.js.dates import JsDate
from edge.js.errors import JsException, type_error
from edge.js.functions import js_arguments
from edge.js.objects import get_property
from edge.js.promise import JsPromise
from edge.js.proxy import JsNull, JsProxy
from edge.js.webidl import to_int32, to_string, wrong_type


class _Storage(Protocol):
    def _failed(self, failure: apsw.Error) -> JsException: ...


_Self = TypeVar("_Self", bound=_Storage)


def promised(method: Callable[Concatenate[_Self, ...], Any]) -> Callable[Concatenate[_Self, ...], JsPromise]:
    """Decorates a method that JavaScript sees as asynchronous and that is done when it returns: gives a
    settled promise, so that awaiting it neither waits nor lets others in."""

    @functools.wraps(method)
    def call(self: _Self, /, *args: Any, **named: Any) -> JsPromise:
        try:
            return JsPromise.resolved(method(self, *js_arguments(args, named)))
        except JsException as refusal:
            return JsPromise.rejected(refusal)
        except apsw.Error as failure:
            return JsPromise.rejected(self._failed(failure))

    return call


def is_object(value: Any) -> bool:
    """Whether JavaScript's typeof would say object or function: also for Python objects in a PyProxy."""
    return isinstance(value, JsProxy) or not (
        value is None or isinstance(value, (str, bool, int, float, JsNull))
    )


def options(value: Any, place: tuple[str, str, int, str]) -> Any:
    """An options argument, None when it was left out; `place` is method, class, position and type name."""
    if value is None or isinstance(value, JsNull):
        return None
    if not is_object(value):
        method, owner, index, expected = place
        raise wrong_type(method, owner, index, expected)
    return value


def flag(value: Any, name: str) -> bool:
    """A boolean member of an options object."""
    if value is None:
        return False
    found = get_property(value, name)
    return bool(found) if isinstance(found, (bool, int, float, str, JsNull)) else found is not None


def keys_of(value: Any) -> list[str] | None:
    """The keys of a multi-key call, None for a call with one key."""
    return [to_string(key) for key in value] if isinstance(value, JsArray) else None


def key_range(value: Any) -> KeyRange:
    """`list()` options. Raises the TypeErrors of the platform."""
    if value is None:
        return KeyRange()
    start, start_after = _text(value, "start"), _text(value, "startAfter")
    if start is not None and start_after is not None:
        raise type_error(BOTH_STARTS)
    limit = get_property(value, "limit")
    if limit is not None:
        limit = to_int32(limit)
        if limit <= 0:
            raise type_error(LIMIT_NOT_POSITIVE)
    return KeyRange(
        start=start,
        start_after=start_after,
        end=_text(value, "end"),
        prefix=_text(value, "prefix"),
        reverse=flag(value, "reverse"),
        limit=limit,
    )


def _text(value: Any, name: str) -> str | None:
    found = get_property(value, name)
    return None if found is None else to_string(found)


def date_ms(value: Any, method: str, owner: str) -> float:
    """A Date or a number of milliseconds since the epoch."""
    if isinstance(value, JsDate):
        value = value.getTime()
    elif isinstance(value, bool) or not isinstance(value, (int, float)):
        raise wrong_type(method, owner, 1, "date")
    if math.isnan(value) or math.isinf(value) or abs(value) > 8.64e15:
        raise type_error("The value cannot be converted because it is not a valid Date.")
    return float(value)
