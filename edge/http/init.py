"""Reading the dictionaries that JavaScript callers pass: `new Request(url, {method: "POST"})`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from edge.js.collections import JsMap
from edge.js.errors import JsException, type_error
from edge.js.objects import JsObject, get_property, own_items
from edge.js.proxy import JsNull
from edge.js.webidl import to_string


def member(init: Any, name: str) -> Any:
    """The value of one key, None (undefined) when it is absent."""
    return None if init is None else get_property(init, name)


def given(value: Any) -> bool:
    """Whether a value is neither undefined nor null."""
    return value is not None and not isinstance(value, JsNull)


def string_pairs(init: Any, owner: str) -> list[tuple[str, str]]:
    """Name and value pairs of a record or of a sequence of pairs.

    Raises TypeError when an inner sequence has not exactly two elements.
    """
    if isinstance(init, (JsObject, dict)):
        return [(key, to_string(value)) for key, value in own_items(init)]
    if not isinstance(init, Iterable):
        raise wrong_parameter(owner, 1, "object")
    return [_pair(item, owner) for item in pairs_of(init)]


def pairs_of(value: Any) -> Iterable[Any]:
    """The pairs of an iterable; a Map iterates its keys from Python and its entries from JavaScript."""
    entries: Iterable[Any] = value.entries() if isinstance(value, JsMap) else value
    return entries


def _pair(item: Any, owner: str) -> tuple[str, str]:
    parts = list(item)
    if len(parts) != 2:
        raise type_error(
            f"To initialize a {owner} object from a sequence, each inner sequence must have exactly two "
            "elements."
        )
    return to_string(parts[0]), to_string(parts[1])


def wrong_parameter(owner: str, index: int, expected: str) -> JsException:
    """The TypeError of a constructor that was given the wrong thing."""
    return type_error(
        f"Failed to construct '{owner}': constructor parameter {index} is not of type '{expected}'."
    )
