"""What Headers, FormData and URLSearchParams share: a list of pairs with the faces of a map."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from edge.js.arrays import JsArray
from edge.js.iterators import JsIterator
from edge.js.proxy import JsProxy, jsnull


class PairList(JsProxy):
    """Base of Headers, FormData and URLSearchParams: iteration, and `[]`, `in` as Pyodide adds them
    to every object that has `get`, `set` and `has`."""

    __slots__ = ()

    def _pairs(self) -> list[tuple[str, Any]]:
        raise NotImplementedError

    def entries(self) -> JsIterator:
        return JsIterator(iter([JsArray([name, value]) for name, value in self._pairs()]))

    def keys(self) -> JsIterator:
        return JsIterator(iter([name for name, _ in self._pairs()]))

    def values(self) -> JsIterator:
        return JsIterator(iter([value for _, value in self._pairs()]))

    def forEach(self, callback: Any, this: Any = None) -> None:
        for name, value in self._pairs():
            callback(value, name, self)

    def __iter__(self) -> Iterator[Any]:
        return self.entries()

    def __getitem__(self, name: str) -> Any:
        return self.get(name)

    def __setitem__(self, name: str, value: Any) -> None:
        self.set(name, value)

    def __delitem__(self, name: str) -> None:
        self.delete(name)

    def __contains__(self, name: str) -> bool:
        return bool(self.has(name))


def or_null(value: Any) -> Any:
    """None as JavaScript's null."""
    return jsnull if value is None else value
