"""Which Durable Object classes exist, and with which storage: `migrations` or `exports`.

Sources: spec durable-objects.md section 12, wrangler.md sections 2 and 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edge.config import DurableBinding
from edge.durable.logic.migrations import (
    MigrationError,
    classes_after_exports,
    classes_after_migrations,
    former_names,
)
from wrangler_compat.config.diagnostics import MISSING, shown
from wrangler_compat.config.fields import Fields
from wrangler_compat.config.schema import FIELDS

_CLASS_LISTS = ("new_classes", "new_sqlite_classes", "deleted_classes")
_MOVES = {"renamed_classes": ("from", "to"), "transferred_classes": ("from", "from_script", "to")}
_STATES = ("created", "deleted", "renamed", "transferred", "expecting-transfer")
_PRESENT = ("created", "expecting-transfer")  # the others name classes that are no longer here


def durable_classes(fields: Fields, bindings: Sequence[DurableBinding], file_name: str) -> dict[str, bool]:
    """Class name to whether its storage is SQLite."""
    migrations, exports = fields.raw("migrations"), fields.raw("exports")
    if exports is not MISSING and migrations not in (MISSING, []):
        fields.error('Expected exactly one of the following fields ["migrations","exports"].', "exports")
        return {}
    if exports is not MISSING:
        return _from_exports(fields)
    found = _from_migrations(fields)
    if migrations in (MISSING, []):
        _warn_without(
            fields, [binding.class_name for binding in bindings if binding.script is None], file_name
        )
    return found


def renamed_classes(fields: Fields) -> dict[str, str]:
    """For each class that (sound) migrations renamed, its first name."""
    raw = fields.raw("migrations")
    return {} if raw is MISSING else former_names(raw)


def _from_migrations(fields: Fields) -> dict[str, bool]:
    raw = fields.raw("migrations")
    if raw is MISSING:
        return {}
    if not isinstance(raw, list):
        fields.error(
            f'The optional "migrations" field should be an array, but got {shown(raw)}', "migrations"
        )
        return {}
    checked = [_check_step(fields, index, step) for index, step in enumerate(raw)]
    if not all(checked):
        return {}
    try:
        return dict(classes_after_migrations(raw))
    except MigrationError as error:
        fields.error(str(error), "migrations")
        return {}


def _check_step(fields: Fields, index: int, step: Any) -> bool:
    field = f"migrations[{index}]"
    if not isinstance(step, dict):
        fields.error(f'"{field}" should be an object but got {shown(step)}.', "migrations", index)
        return False
    fields.warn_unexpected(step, FIELDS["migrations"], "migrations", index)
    problems = []
    if not isinstance(step.get("tag"), str):
        missing = "tag" not in step
        problems.append(
            f'"{field}.tag" is a required field.'
            if missing
            else f'Expected "{field}.tag" to be of type string but got {shown(step["tag"])}.'
        )
    for key in _CLASS_LISTS:
        value = step.get(key, [])
        if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
            problems.append(f'Expected "{field}.{key}" to be of type string array but got {shown(value)}.')
    problems += [_move(field, key, step.get(key, []), parts) for key, parts in _MOVES.items()]
    problems = [problem for problem in problems if problem]
    for problem in problems:
        fields.error(problem, "migrations", index)
    return not problems


def _move(field: str, key: str, value: Any, parts: tuple[str, ...]) -> str:
    def fits(move: Any) -> bool:
        return isinstance(move, dict) and all(isinstance(move.get(part), str) for part in parts)

    if isinstance(value, list) and all(fits(move) for move in value):
        return ""
    shape = ", ".join(f"{part}: string" for part in parts)
    return f'Expected "{field}.{key}" to be an array of "{{{shape}}}" objects but got {shown(value)}.'


def _from_exports(fields: Fields) -> dict[str, bool]:
    section = fields.table("exports")
    checked = [_check_export(fields, name, entry) for name, entry in section.items()]
    if not all(checked):
        return {}
    try:
        return dict(classes_after_exports(section))
    except MigrationError as error:
        fields.error(str(error), "exports")
        return {}


def _check_export(fields: Fields, name: str, entry: Any) -> bool:
    if not isinstance(entry, dict):
        fields.error(f'"exports.{name}" should be an object but got {shown(entry)}.', "exports", name)
        return False
    if entry.get("type") == "worker":
        return True
    if not _is_one_of(fields, name, "type", ("durable-object", "worker"), entry.get("type", MISSING)):
        return False
    state = entry.get("state", "created")
    if not _is_one_of(fields, name, "state", _STATES, state):
        return False
    return state not in _PRESENT or _is_one_of(
        fields, name, "storage", ("sqlite", "legacy-kv"), entry.get("storage", MISSING)
    )


def _is_one_of(fields: Fields, name: str, key: str, allowed: Sequence[str], value: Any) -> bool:
    if value in allowed:
        return True
    choices = ",".join(f'"{choice}"' for choice in allowed)
    fields.error(
        f'Expected "exports.{name}.{key}" field to be one of [{choices}] but got {shown(value)}.',
        "exports",
        name,
    )
    return False


def _warn_without(fields: Fields, classes: Sequence[str], file_name: str) -> None:
    if not classes:
        return
    names = ", ".join(dict.fromkeys(classes))
    quoted = ", ".join(f'"{name}"' for name in dict.fromkeys(classes))
    fields.warn(
        f"In your {file_name} file, you have configured `durable_objects` exported by this Worker ({names}), "
        "but no `migrations` for them. This may not work as expected until you add, for example:\n"
        f'"migrations": [{{"tag": "v1", "new_sqlite_classes": [{quoted}]}}]',
        "durable_objects",
    )
