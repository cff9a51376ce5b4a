"""The files of `kv bulk`: what is in them, and which item is wrong.

Source: wrangler 4.164, `kv bulk put`, `get` and `delete`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Any

from edge.errors import UserError
from edge.kv.logic.keys import well_formed
from edge.kv.logic.options import PutOptions

_REPORTED_MAX = 12
_SHAPE = """Each item in the array should be an object that matches:

interface KeyValue {
  key: string;
  value: string;
  expiration?: number;
  expiration_ttl?: number;
  metadata?: object;
  base64?: boolean;
}

"""
_REQUIRED: Mapping[str, type | tuple[type, ...]] = {"key": str, "value": str}
_OPTIONAL: Mapping[str, type | tuple[type, ...]] = {
    "expiration": (int, float),
    "expiration_ttl": (int, float),
    "metadata": (dict, list, NoneType),
    "base64": bool,
}


@dataclass(frozen=True, slots=True)
class Pair:
    """A key and what to store under it; `index` is its place in the file."""

    index: int
    key: str
    value: bytes
    options: PutOptions


def pairs(items: Any, file: str) -> tuple[list[Pair], list[str]]:
    """The pairs of a file for `kv bulk put`, and warnings. Raises UserError that names the wrong items."""
    if not isinstance(items, list):
        raise UserError(
            f'Unexpected JSON input from "{file}".\n'
            f'Expected an array of key-value objects but got type "{_js_type(items)}".'
        )
    wrong = [
        f"The item at index {index} is {_json(item)}"
        for index, item in enumerate(items)
        if not _is_pair(item)
    ]
    if wrong:
        raise UserError(f'Unexpected JSON input from "{file}".\n{_SHAPE}{_some(wrong)}')
    known = {*_REQUIRED, *_OPTIONAL}
    odd = [
        f"The item at index {index} contains unexpected properties: {_json(extra)}."
        for index, item in enumerate(items)
        if (extra := [name for name in item if name not in known])
    ]
    warnings = [f'Unexpected key-value properties in "{file}".\n{_some(odd)}'] if odd else []
    return [_pair(index, item, file) for index, item in enumerate(items)], warnings


def keys(items: Any, file: str) -> list[str]:
    """The keys of a file for `kv bulk get` and `delete`. Raises UserError that names the wrong items."""
    if not isinstance(items, list):
        raise UserError(
            f'Unexpected JSON input from "{file}".\nExpected an array of strings but got:\n{_json(items)}'
        )
    names: list[Any] = [item.get("name") if isinstance(item, dict) else item for item in items]
    wrong = [
        f'The item at index {index} is type: "{_js_type(items[index])}" - {_json(items[index])}'
        for index, name in enumerate(names)
        if not isinstance(name, str)
    ]
    if wrong:
        raise UserError(
            f'Unexpected JSON input from "{file}".\n'
            f'Expected an array of strings or objects with a "name" key.\n{_some(wrong)}'
        )
    return [well_formed(name) for name in names]


def _pair(index: int, item: dict[str, Any], file: str) -> Pair:
    key, value = well_formed(item["key"]), item["value"]
    metadata = item.get("metadata")
    options = PutOptions(
        _seconds(item.get("expiration")),
        _seconds(item.get("expiration_ttl")),
        None if metadata is None else well_formed(_json(metadata)),
    )
    if not item.get("base64"):
        return Pair(index, key, well_formed(value).encode(), options)
    try:
        return Pair(index, key, base64.b64decode(value, validate=True), options)
    except ValueError:
        raise UserError(
            f'The item at index {index} ("{key}") of "{file}" has a value that is not base64.'
        ) from None


def _is_pair(item: Any) -> bool:
    return (
        isinstance(item, dict)
        and all(_is(item.get(name), kind) for name, kind in _REQUIRED.items())
        and all(_is(item[name], kind) for name, kind in _OPTIONAL.items() if name in item)
    )


def _is(value: Any, kind: type | tuple[type, ...]) -> bool:
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def _seconds(value: float | None) -> int | None:
    return None if value is None else int(value)


def _some(lines: Sequence[str]) -> str:
    return "\n".join([*lines[:_REPORTED_MAX], *(["..."] if len(lines) > _REPORTED_MAX else [])])


def _js_type(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "string" if isinstance(value, str) else "number" if isinstance(value, (int, float)) else "object"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
