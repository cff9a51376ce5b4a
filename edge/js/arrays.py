"""JavaScript arrays, which Python sees as sequences with JavaScript's methods beside Python's own.

Source: Pyodide `JsArray`, ECMA-262 Array.prototype.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cmp_to_key
from typing import Any, SupportsIndex

from edge.js.errors import type_error
from edge.js.iterators import JsIterator
from edge.js.proxy import JsNull, JsProxy
from edge.js.values import to_js_value


def strict_equal(left: Any, right: Any) -> bool:
    """JavaScript's `===`."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        return left == right
    if isinstance(left, str):
        return isinstance(right, str) and left == right
    return left is right


def element_text(value: Any) -> str:
    """An element as `join` writes it: undefined and null are empty."""
    from edge.js.webidl import to_string

    return "" if value is None or isinstance(value, JsNull) else to_string(value)


class JsArray(JsProxy, js_name="Array"):
    """An array over the Python list `_items`."""

    __slots__ = ("_items",)

    def __init__(self, items: list[Any] | None = None) -> None:
        self._items: list[Any] = [] if items is None else items

    # What Python asks of a sequence.

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items)

    def __reversed__(self) -> Iterator[Any]:
        yield from reversed(self._items)

    def __contains__(self, value: object) -> bool:
        return value in self._items

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return JsArray(self._items[index])
        try:
            return self._items[index]
        except IndexError:
            raise IndexError(index) from None

    def __setitem__(self, index: Any, value: Any) -> None:
        if isinstance(index, slice):
            self._items[index] = [to_js_value(item) for item in value]
            return
        try:
            self._items[index] = to_js_value(value)
        except IndexError:
            raise IndexError(index) from None

    def __delitem__(self, index: SupportsIndex | slice) -> None:
        try:
            del self._items[index]
        except IndexError:
            raise IndexError(index) from None

    def __add__(self, other: Iterable[Any]) -> JsArray:
        return JsArray([*self._items, *other])

    def __mul__(self, count: int) -> JsArray:
        return JsArray(self._items * count)

    def append(self, value: Any) -> None:
        self._items.append(to_js_value(value))

    def extend(self, other: Iterable[Any]) -> None:
        self._items.extend(to_js_value(item) for item in other)

    def insert(self, index: int, value: Any) -> None:
        self._items.insert(index, to_js_value(value))

    def pop(self, index: int = -1) -> Any:
        return self._items.pop(index)

    def remove(self, value: Any) -> None:
        self._items.remove(value)

    def index(self, value: Any, start: int = 0, stop: int = 2**63 - 1) -> int:
        return self._items.index(value, start, stop)

    def count(self, value: Any) -> int:
        return self._items.count(value)

    def reverse(self) -> JsArray:
        self._items.reverse()
        return self

    # What JavaScript offers.

    @property
    def length(self) -> int:
        return len(self._items)

    def _own_items(self) -> list[tuple[str, Any]]:
        return [(str(index), item) for index, item in enumerate(self._items)]

    def __str__(self) -> str:
        return self.join()

    __repr__ = __str__

    def push(self, *values: Any) -> int:
        self._items.extend(to_js_value(value) for value in values)
        return len(self._items)

    def shift(self) -> Any:
        return self._items.pop(0) if self._items else None

    def unshift(self, *values: Any) -> int:
        self._items[:0] = [to_js_value(value) for value in values]
        return len(self._items)

    def at(self, index: int) -> Any:
        return self._items[index] if -len(self._items) <= index < len(self._items) else None

    def join(self, separator: str | None = None) -> str:
        return ("," if separator is None else separator).join(element_text(item) for item in self._items)

    def slice(self, start: int | None = None, end: int | None = None) -> JsArray:
        return JsArray(self._items[start:end])

    def concat(self, *others: Any) -> JsArray:
        joined = list(self._items)
        for other in others:
            joined.extend(other._items if isinstance(other, JsArray) else [to_js_value(other)])
        return JsArray(joined)

    def splice(self, start: int, delete_count: int | None = None, *values: Any) -> JsArray:
        begin = max(0, len(self._items) + start) if start < 0 else min(start, len(self._items))
        end = len(self._items) if delete_count is None else begin + max(0, delete_count)
        removed = self._items[begin:end]
        self._items[begin:end] = [to_js_value(value) for value in values]
        return JsArray(removed)

    def fill(self, value: Any, start: int = 0, end: int | None = None) -> JsArray:
        for index in range(*slice(start, end).indices(len(self._items))):
            self._items[index] = to_js_value(value)
        return self

    def includes(self, value: Any) -> bool:
        return any(strict_equal(item, value) or (item != item and value != value) for item in self._items)

    def indexOf(self, value: Any, start: int = 0) -> int:
        for index in range(*slice(start, None).indices(len(self._items))):
            if strict_equal(self._items[index], value):
                return index
        return -1

    def lastIndexOf(self, value: Any) -> int:
        for index in range(len(self._items) - 1, -1, -1):
            if strict_equal(self._items[index], value):
                return index
        return -1

    def entries(self) -> JsIterator:
        return JsIterator(JsArray([index, item]) for index, item in enumerate(self._items))

    def values(self) -> JsIterator:
        return JsIterator(iter(self._items))

    def flat(self, depth: int = 1) -> JsArray:
        return JsArray(list(_flattened(self._items, depth)))

    def sort(self, compare: Callable[[Any, Any], float] | None = None) -> JsArray:
        # undefined always goes last, and without a function JavaScript compares texts by UTF-16 units.
        present = [item for item in self._items if item is not None]
        missing = [item for item in self._items if item is None]
        if compare is None:
            present.sort(key=lambda item: element_text(item).encode("utf-16-be", "surrogatepass"))
        else:
            present.sort(key=cmp_to_key(compare))  # type: ignore[arg-type]
        self._items[:] = present + missing
        return self

    # Methods with a callback: JavaScript passes (value, index, array), and a Python callback gets as
    # many of them as it declares, since Pyodide drops surplus arguments for nobody: it passes all three.

    def forEach(self, callback: Callable[..., Any]) -> None:
        for index, item in enumerate(self._items):
            callback(item, index, self)

    def map(self, callback: Callable[..., Any]) -> JsArray:
        return JsArray([to_js_value(callback(item, index, self)) for index, item in enumerate(self._items)])

    def filter(self, callback: Callable[..., Any]) -> JsArray:
        return JsArray([item for index, item in enumerate(self._items) if callback(item, index, self)])

    def find(self, callback: Callable[..., Any]) -> Any:
        index = self.findIndex(callback)
        return None if index < 0 else self._items[index]

    def findIndex(self, callback: Callable[..., Any]) -> int:
        for index, item in enumerate(self._items):
            if callback(item, index, self):
                return index
        return -1

    def some(self, callback: Callable[..., Any]) -> bool:
        return self.findIndex(callback) >= 0

    def every(self, callback: Callable[..., Any]) -> bool:
        return all(callback(item, index, self) for index, item in enumerate(self._items))

    def reduce(self, callback: Callable[..., Any], *initial: Any) -> Any:
        if not initial and not self._items:
            raise type_error("Reduce of empty array with no initial value")
        result = initial[0] if initial else self._items[0]
        for index in range(0 if initial else 1, len(self._items)):
            result = callback(result, self._items[index], index, self)
        return result


def _flattened(items: list[Any], depth: int) -> Iterator[Any]:
    for item in items:
        if depth > 0 and isinstance(item, JsArray):
            yield from _flattened(item._items, depth - 1)
        else:
            yield item
