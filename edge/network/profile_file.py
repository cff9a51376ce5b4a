"""Reading a profile: every key is known, every value in range, every mistake named.

Source: `docs/latency-model.md`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from edge.errors import UserError
from edge.network.errors import ProfileError, unknown
from edge.network.placement import home_of
from edge.network.places import find_place
from edge.network.profile import CONTAINER_PHASES, SECTIONS, Profile
from edge.network.spread import Spread

_FORMS = "a number of ms, {p50_ms = …, p95_ms = …} or {min_ms = …, max_ms = …}"
_FACTOR_FORMS = "a number, {p50 = …, p95 = …} or {min = …, max = …}"


def read_profile(text: str, file: Path | None, name: str) -> Profile:
    """The profile in `text`. Raises ProfileError, which names the key and what it may be."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(f"not TOML: {error}", file=file) from None
    try:
        return _profile(data, name)
    except _Wrong as wrong:
        raise ProfileError(str(wrong), file=file) from None


class _Wrong(Exception):
    """What is wrong with a key."""


def _profile(data: Mapping[str, Any], name: str) -> Profile:
    known = {"name", "default_place", "container", *SECTIONS}
    for key in data:
        if key not in known:
            raise _Wrong(unknown("key", key, known))
    parts: dict[str, Any] = {
        key: _section(key, cls, _table(key, data[key])) for key, cls in SECTIONS.items() if key in data
    }
    return Profile(
        name=_text("name", data.get("name", name)),
        default_place=_place("default_place", data.get("default_place", "DFW")),
        container=_container(_table("container", data.get("container", {}))),
        **parts,
    )


def _section(section: str, cls: type, table: Mapping[str, Any]) -> Any:
    kinds = {entry.name: str(entry.type) for entry in fields(cls)}
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in kinds:
            raise _Wrong(unknown(f"key in [{section}]", key, kinds))
        label = f"{section}.{key}"
        values[key] = _factor(label, value) if key == "detour" else _READERS[kinds[key]](label, value)
    return cls(**values)


def _container(table: Mapping[str, Any]) -> dict[str, Spread]:
    for key in table:
        if key not in CONTAINER_PHASES:
            raise _Wrong(unknown("key in [container]", key, CONTAINER_PHASES))
    return {key: _duration(f"container.{key}", value) for key, value in table.items()}


def _duration(label: str, value: Any) -> Spread:
    return _spread(label, value, ("p50_ms", "p95_ms", "min_ms", "max_ms"), _FORMS)


def _factor(label: str, value: Any) -> Spread:
    spread = _spread(label, value, ("p50", "p95", "min", "max"), _FACTOR_FORMS)
    if spread.low < 1:
        raise _Wrong(f"{label}: no way is shorter than the great circle: at least 1, not {spread.low:g}")
    return spread


def _spread(label: str, value: Any, keys: tuple[str, str, str, str], forms: str) -> Spread:
    if not isinstance(value, Mapping):
        number = _number(label, value, forms)
        return Spread(number, number)
    p50, p95, minimum, maximum = keys
    if set(value) == {p50, p95}:
        low, high = (_number(f"{label}.{key}", value[key], "a number") for key in (p50, p95))
        if low == 0 < high:
            raise _Wrong(f"{label}: a spread around 0 is none; {p50} must be positive")
        uniform = False
    elif set(value) == {minimum, maximum}:
        low, high = (_number(f"{label}.{key}", value[key], "a number") for key in (minimum, maximum))
        uniform = True
    else:
        raise _Wrong(f"{label}: write {forms}")
    if high < low:
        raise _Wrong(f"{label}: {high:g} is below {low:g}")
    return Spread(low, high, uniform)


def _number(label: str, value: Any, expected: str = "a number") -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _Wrong(f"{label}: write {expected}, not {value!r}")
    if not 0 <= value < float("inf"):
        raise _Wrong(f"{label}: must be 0 or more and finite, not {value!r}")
    return float(value)


def _flag(label: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _Wrong(f"{label}: write true or false, not {value!r}")
    return value


def _text(label: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise _Wrong(f"{label}: write a text, not {value!r}")
    return value


def _place(label: str, value: Any) -> str:
    try:
        return find_place(_text(label, value)).code
    except UserError as error:
        raise _Wrong(f"{label}: {error.message}") from None


def _places(label: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise _Wrong(f'{label}: write a list of places such as ["IAD", "FRA"], not {value!r}')
    return tuple(dict.fromkeys(_place(label, name) for name in value))


def _home(label: str, value: Any) -> str:
    try:
        return home_of(_text(label, value))
    except UserError as error:
        raise _Wrong(f"{label}: {error.message}") from None


def _homes(label: str, value: Any) -> dict[str, str]:
    return {name: _home(f"{label}.{name}", place) for name, place in _table(label, value).items()}


def _table(label: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _Wrong(f"{label}: write a table, [{label}], not {value!r}")
    return value


_READERS: Mapping[str, Callable[[str, Any], Any]] = {
    "Spread": _duration,
    "float": _number,
    "bool": _flag,
    "tuple[str, ...]": _places,
    "str": _home,
    "Mapping[str, str]": _homes,
}
