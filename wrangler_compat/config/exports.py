"""One entry of `exports`, checked as wrangler checks it.

Sources: spec wrangler.md section 3.3; texts of wrangler 4.164.0.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from wrangler_compat.config.diagnostics import MISSING, shown
from wrangler_compat.config.fields import Fields

_STORAGES = ("sqlite", "legacy-kv")
_IDENTIFIER = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
#: What an entry for a Durable Object may hold, by its state.
_PROPERTIES = {
    "created": ("type", "state", "storage", "container"),
    "deleted": ("type", "state"),
    "renamed": ("type", "state", "renamed_to"),
    "transferred": ("type", "state", "transferred_to"),
    "expecting-transfer": ("type", "state", "storage", "transfer_from", "container"),
}
_TARGETS = {"renamed": "renamed_to", "transferred": "transferred_to", "expecting-transfer": "transfer_from"}


def check_export(fields: Fields, name: str, entry: Any) -> bool:
    """Whether the entry called `name` is sound; what is wrong with it goes to the findings."""
    if not isinstance(entry, dict):
        fields.error(f'"exports.{name}" should be an object but got {shown(entry)}.', "exports", name)
        return False
    kind = entry.get("type", MISSING)
    if kind == "durable-object":
        problems = _durable_problems(name, entry)
    elif kind == "worker":
        return _check_worker(fields, name, entry)
    elif kind == "workflow":
        return fields.expect(entry.get("name"), "string", f"exports.{name}.name", ("exports", name, "name"))
    else:
        problems = [
            f'"exports.{name}.type" must be "durable-object", "worker", or "workflow", but got {shown(kind)}.'
        ]
    for problem in problems:
        fields.error(problem, "exports", name)
    return not problems


def _durable_problems(name: str, entry: Mapping[str, Any]) -> list[str]:
    state = entry.get("state", "created")
    if state not in _PROPERTIES:
        return [
            f'"exports.{name}.state" must be one of "created", "deleted", "renamed", "transferred", or '
            f'"expecting-transfer" but got {shown(state)}.'
        ]
    allowed = _PROPERTIES[state]
    found = []
    if "storage" in allowed and entry.get("storage") not in _STORAGES:
        found.append(
            f'"exports.{name}.storage" is required for state "{state}" and must be one of '
            f"{_listed(_STORAGES)}, but got {shown(entry.get('storage', MISSING))}"
        )
    if state in _TARGETS:
        found += _target_problems(name, state, _TARGETS[state], entry)
    if "container" in allowed and "container" in entry:
        found += _container_problems(name, entry)
    forbidden = [key for key in entry if key not in allowed]
    found += [f'"exports.{name}.{key}" is forbidden on state "{state}".' for key in forbidden]
    if forbidden:
        found.append(f"Allowed properties are: {_listed(allowed)}.")
    return found


def _target_problems(name: str, state: str, key: str, entry: Mapping[str, Any]) -> list[str]:
    target = entry.get(key)
    if not isinstance(target, str) or not target:
        return [f'"exports.{name}.{key}" is required for state "{state}" and must be a non-empty string.']
    found = []
    if state == "renamed" and not _IDENTIFIER.fullmatch(target):
        found.append(f'"exports.{name}.{key}" must be a valid JavaScript identifier (got "{target}").')
    if state == "renamed" and target == name:
        found.append(f'"exports.{name}.{key}" cannot equal the source class name "{name}".')
    return found


def _container_problems(name: str, entry: Mapping[str, Any]) -> list[str]:
    container = entry["container"]
    if not isinstance(container, str) or not container:
        return [
            f'"exports.{name}.container" must be a non-empty string naming a container in the "containers" '
            f"array, but got {shown(container)}."
        ]
    if entry.get("storage") == "legacy-kv":
        return [
            f'"exports.{name}.container" requires "storage" to be "sqlite". Containers are not supported on '
            'Durable Objects using the "legacy-kv" storage backend.'
        ]
    return []


def _check_worker(fields: Fields, name: str, entry: Mapping[str, Any]) -> bool:
    fields.warn_unexpected(entry, frozenset({"type", "cache"}), "exports", name)
    cache = entry.get("cache", MISSING)
    if cache is MISSING:
        return True
    field, place = f"exports.{name}.cache", ("exports", name, "cache")
    if not isinstance(cache, dict):
        fields.error(f'"{field}" should be an object but got {shown(cache)}.', *place)
        return False
    if "enabled" not in cache:
        fields.error(f'"{field}.enabled" is a required field.', *place)
        return False
    return fields.expect(cache["enabled"], "boolean", f"{field}.enabled", (*place, "enabled"))


def _listed(names: Sequence[str]) -> str:
    """As English lists them: "a", "a and b", "a, b, and c"."""
    if len(names) < 3:
        return " and ".join(names)
    return f"{', '.join(names[:-1])}, and {names[-1]}"
