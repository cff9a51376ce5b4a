"""Which Durable Object classes exist, and with which storage: `migrations` or `exports`.

Sources: spec durable-objects.md section 12, wrangler.md sections 2 and 3.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from edge.config import DurableBinding
from edge.durable.logic.migrations import (
    MigrationError,
    classes_after_exports,
    classes_after_migrations,
    former_names,
)
from wrangler_compat.config.diagnostics import MISSING, shown
from wrangler_compat.config.exports import check_export
from wrangler_compat.config.fields import Fields
from wrangler_compat.config.schema import FIELDS

_CLASS_LISTS = ("new_classes", "new_sqlite_classes", "deleted_classes")
_MOVES = {"renamed_classes": ("from", "to"), "transferred_classes": ("from", "from_script", "to")}


def durable_classes(fields: Fields, bindings: Sequence[DurableBinding], file_name: str) -> dict[str, bool]:
    """Class name to whether its storage is SQLite."""
    migrations, exports = fields.raw("migrations"), fields.raw("exports")
    from_migrations, from_exports = _from_migrations(fields), _from_exports(fields)
    if migrations not in (MISSING, []) and _declares_objects(exports):
        fields.error(
            "`migrations` and `exports` are mutually exclusive. Choose one or the other to declare your "
            "Durable Object lifecycle, but not both.",
            "exports",
        )
        return {}
    if migrations in (MISSING, []):
        own = [binding.class_name for binding in bindings if binding.script is None]
        _warn_without(fields, [name for name in own if name not in from_exports], file_name)
    return {**from_migrations, **from_exports}


def _declares_objects(exports: Any) -> bool:
    entries = exports.values() if isinstance(exports, dict) else ()
    return any(isinstance(entry, dict) and entry.get("type") == "durable-object" for entry in entries)


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
        fields.misfit(str(error), "migrations")
        return {}


def _check_step(fields: Fields, index: int, step: Any) -> bool:
    field, place = f"migrations[{index}]", ("migrations", index)
    if not isinstance(step, dict):
        fields.error(f'"{field}" should be an object but got {shown(step)}.', *place)
        return False
    unexpected = [name for name in step if name not in FIELDS["migrations"]]
    if unexpected:
        names = ",".join(f'"{name}"' for name in unexpected)
        fields.warn(f"Unexpected fields found in migrations field: {names}", *place, unexpected[0])
    if "tag" not in step:
        fields.error(f'"{field}.tag" is a required field.', *place)
    sound = "tag" in step and fields.expect(step["tag"], "string", f"{field}.tag", (*place, "tag"))
    for key in _CLASS_LISTS:
        sound &= fields.expect_array(step.get(key, MISSING), "string", f"{field}.{key}", (*place, key))
    for key, parts in _MOVES.items():
        problem = _move(field, key, step.get(key, []), parts)
        if problem:
            fields.error(problem, *place, key)
            sound = False
    return sound


def _move(field: str, key: str, value: Any, parts: tuple[str, ...]) -> str:
    def fits(move: Any) -> bool:
        return isinstance(move, dict) and all(isinstance(move.get(part), str) for part in parts)

    if isinstance(value, list) and all(fits(move) for move in value):
        return ""
    shape = ", ".join(f"{part}: string" for part in parts)
    return f'Expected "{field}.{key}" to be an array of "{{{shape}}}" objects but got {shown(value)}.'


def _from_exports(fields: Fields) -> dict[str, bool]:
    section = fields.raw("exports")
    if section is MISSING or section is None:
        return {}
    if not isinstance(section, dict):
        text = 'The optional "exports" field should be an object keyed by class name, but got '
        fields.error(text + shown(section), "exports")
        return {}
    checked = [check_export(fields, name, entry) for name, entry in section.items()]
    if not all(checked):
        return {}
    try:
        return dict(classes_after_exports(section))
    except MigrationError as error:
        fields.misfit(str(error), "exports")
        return {}


def _warn_without(fields: Fields, classes: Sequence[str], file_name: str) -> None:
    if not classes:
        return
    text = (
        f"In your {file_name} file, you have configured `durable_objects` exported by this Worker "
        f"({', '.join(classes)}), but no live `exports` entry for them. This may not work as expected "
        "until you "
        "add a live `durable-object` entry to `exports` for each. Add the following configuration:\n\n"
    )
    fields.warn(f"{text}```\n{_suggestion(dict.fromkeys(classes), file_name)}\n```", "durable_objects")


def _suggestion(classes: Iterable[str], file_name: str) -> str:
    entry = {"type": "durable-object", "storage": "sqlite"}
    if file_name.endswith(".toml"):
        tables = (
            "\n".join([f"[exports.{name}]", *(f'{key} = "{value}"' for key, value in entry.items()), ""])
            for name in classes
        )
        return "\n".join(tables)
    return json.dumps({"exports": dict.fromkeys(classes, entry)}, indent=2)
