"""Headers: names in lower case, values combined, Set-Cookie kept apart.

Source: spec runtime.md section 4; Fetch standard, "Headers class".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from edge.http.init import given, string_pairs
from edge.http.pairs import PairList, or_null
from edge.js.arrays import JsArray
from edge.js.errors import type_error
from edge.js.webidl import to_string

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]*")  # workerd lets the empty name pass
_FORBIDDEN_IN_VALUE = re.compile(r"[\0\r\n]")
_SPACE = " \t\r\n"


class Headers(PairList, js_name="Headers"):
    """A list of headers. Native code hands over names that are valid and in lower case."""

    __slots__ = ("_immutable", "_items")

    def __init__(self, items: Iterable[tuple[str, str]] = (), immutable: bool = False) -> None:
        self._items = list(items)
        self._immutable = immutable

    @classmethod
    def js_new(cls, init: Any = None, *_: Any) -> Headers:
        """`new Headers(init)`: from headers, an object, or pairs."""
        headers = cls()
        headers.extend(init)
        return headers

    # -- native ---------------------------------------------------------------------------------

    def get_str(self, name: str) -> str | None:
        """The combined value of the header `name` (lower case), or None."""
        found = [value for key, value in self._items if key == name]
        if not found:
            return None
        return found[0] if len(found) == 1 else ", ".join(found)

    def raw_items(self) -> list[tuple[str, str]]:
        """Every header line in the order it was added; not to be changed."""
        return self._items

    def add(self, name: str, value: str) -> None:
        """Append a header that is known to be valid, name in lower case."""
        self._items.append((name, value))

    def replace(self, name: str, value: str) -> None:
        """Set a header that is known to be valid, name in lower case; keeps the first one's place."""
        items = self._items
        for index, (key, _) in enumerate(items):
            if key == name:
                items[index] = (name, value)
                items[index + 1 :] = [item for item in items[index + 1 :] if item[0] != name]
                return
        items.append((name, value))

    def remove(self, name: str) -> None:
        self._items = [item for item in self._items if item[0] != name]

    def copy(self, immutable: bool = False) -> Headers:
        return Headers(self._items, immutable)

    def extend(self, init: Any) -> None:
        """Append what JavaScript passed as HeadersInit."""
        if isinstance(init, Headers):
            self._items.extend(init._items)
        elif given(init):
            for name, value in string_pairs(init, "Headers"):
                self.append(name, value)

    # -- JavaScript -----------------------------------------------------------------------------

    def get(self, name: Any) -> Any:
        return or_null(self.get_str(_name(name)))

    def getAll(self, name: Any) -> Any:
        if _name(name) != "set-cookie":
            raise type_error('getAll() can only be used with the header name "Set-Cookie".')
        return self.getSetCookie()

    def getSetCookie(self) -> Any:
        return JsArray([value for key, value in self._items if key == "set-cookie"])

    def has(self, name: Any) -> bool:
        wanted = _name(name)
        return any(key == wanted for key, _ in self._items)

    def set(self, name: Any, value: Any) -> None:
        self._check_mutable()
        self.replace(_name(name), _value(value))

    def append(self, name: Any, value: Any) -> None:
        self._check_mutable()
        self.add(_name(name), _value(value))

    def delete(self, name: Any) -> None:
        self._check_mutable()
        self.remove(_name(name))

    def _check_mutable(self) -> None:
        if self._immutable:
            raise type_error("Can't modify immutable headers.")

    def _pairs(self) -> list[tuple[str, Any]]:
        combined: dict[str, str] = {}
        cookies = []
        for name, value in self._items:
            if name == "set-cookie":
                cookies.append((name, value))
            else:
                combined[name] = f"{combined[name]}, {value}" if name in combined else value
        return sorted([*combined.items(), *cookies], key=lambda pair: pair[0])


def _name(value: Any) -> str:
    name = to_string(value)
    if _NAME.fullmatch(name) is None:
        raise type_error("Invalid header name.")
    return name.lower()


def _value(value: Any) -> str:
    text = to_string(value).strip(_SPACE)
    if _FORBIDDEN_IN_VALUE.search(text):
        raise type_error("Invalid header value.")
    return text
