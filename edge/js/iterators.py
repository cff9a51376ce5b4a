"""JavaScript iterators over Python ones.

Source: Pyodide `JsIterator`, ECMA-262 iterator protocol.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from edge.js.proxy import JsProxy


class JsIterator(JsProxy, js_name="Iterator"):
    """What `map.entries()` gives: iterable from Python, `next()` gives `{value, done}`."""

    __slots__ = ("_source",)

    def __init__(self, source: Iterator[Any]) -> None:
        self._source = source

    def __iter__(self) -> JsIterator:
        return self

    def __next__(self) -> Any:
        return next(self._source)

    def next(self) -> Any:
        from edge.js.objects import JsObject

        for value in self._source:
            return JsObject({"value": value, "done": False})
        return JsObject({"value": None, "done": True})

    def toArray(self) -> Any:
        from edge.js.arrays import JsArray

        return JsArray(list(self._source))
