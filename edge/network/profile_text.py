"""A profile as the TOML file that `profile_file` reads back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from edge.network.profile import SECTIONS, Profile
from edge.network.spread import Spread


def profile_text(profile: Profile) -> str:
    """Only what costs something is written."""
    lines = [f"name = {value_text('name', profile.name)}", f'default_place = "{profile.default_place}"']
    for section in SECTIONS:
        part = getattr(profile, section)
        lines += _table(
            section, {entry.name: getattr(part, entry.name) for entry in fields(part)}, type(part)()
        )
    lines += _table("container", dict(profile.container), None)
    return "\n".join(lines) + "\n"


def _table(name: str, values: dict[str, Any], default: Any) -> list[str]:
    written = {
        key: value for key, value in values.items() if default is None or value != getattr(default, key)
    }
    if not written:
        return []
    return ["", f"[{name}]", *(f"{key} = {value_text(key, value)}" for key, value in written.items())]


def value_text(key: str, value: Any) -> str:
    """A figure as a profile's file has it."""
    if isinstance(value, Spread):
        return _spread(value, "" if key == "detour" else "_ms")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return "[" + ", ".join(f'"{code}"' for code in value) + "]"
    if isinstance(value, Mapping):
        named = ", ".join(f"{_text(name)} = {_text(place)}" for name, place in value.items())
        return f"{{ {named} }}" if named else "{}"
    if isinstance(value, float):
        return _number(value)
    return _text(str(value))


def _text(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _spread(spread: Spread, unit: str) -> str:
    if spread.low == spread.high:
        return _number(spread.low)
    low, high = ("min", "max") if spread.uniform else ("p50", "p95")
    return f"{{ {low}{unit} = {_number(spread.low)}, {high}{unit} = {_number(spread.high)} }}"


def _number(value: float) -> str:
    return f"{round(value, 3):g}" if value < 1e6 else repr(value)
