"""FormData: names with strings and files."""

from __future__ import annotations

from typing import Any

from edge.http.blob import Blob, File
from edge.http.init import given
from edge.http.pairs import PairList, or_null
from edge.http.url import replaced
from edge.js.arrays import JsArray
from edge.js.errors import type_error
from edge.js.webidl import to_string

Value = str | File


class FormData(PairList, js_name="FormData"):
    """Entries in the order in which they were added."""

    __slots__ = ("_list",)

    def __init__(self, entries: list[tuple[str, Value]] | None = None) -> None:
        self._list: list[tuple[str, Any]] = entries if entries is not None else []

    @classmethod
    def js_new(cls, form: Any = None, *_: Any) -> FormData:
        """`new FormData()`; forms of a page do not exist here."""
        if form is not None:
            raise type_error("FormData constructor does not accept arguments.")
        return cls()

    def _pairs(self) -> list[tuple[str, Any]]:
        return list(self._list)

    def append(self, name: Any, value: Any, filename: Any = None) -> None:
        key = to_string(name)
        self._list.append((key, _entry(key, value, filename)))

    def set(self, name: Any, value: Any, filename: Any = None) -> None:
        key = to_string(name)
        self._list = replaced(self._list, (key, _entry(key, value, filename)))

    def get(self, name: Any) -> Any:
        wanted = to_string(name)
        return or_null(next((value for key, value in self._list if key == wanted), None))

    def getAll(self, name: Any) -> Any:
        wanted = to_string(name)
        return JsArray([value for key, value in self._list if key == wanted])

    def has(self, name: Any) -> bool:
        wanted = to_string(name)
        return any(key == wanted for key, _ in self._list)

    def delete(self, name: Any) -> None:
        wanted = to_string(name)
        self._list = [pair for pair in self._list if pair[0] != wanted]


def _entry(name: str, value: Any, filename: Any) -> Value:
    """Blobs become files, named after `filename` or after the entry; all else becomes a string."""
    if isinstance(value, File) and not given(filename):
        return value
    if isinstance(value, Blob):
        return File(value.data, to_string(filename) if given(filename) else name, value.type)
    return to_string(value)
