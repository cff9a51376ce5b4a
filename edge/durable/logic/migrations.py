"""Which Durable Object classes exist, from a configuration's `migrations` or `exports`.

Migrations are a history: each entry changes the set of classes that the ones before it left. Within one
entry the order is deleted, renamed, new, new_sqlite (wrangler's). The storage kind belongs to the class
for good: a renamed class keeps it, and no migration turns one kind into the other. `transferred_classes`
say where deployed data comes from and change nothing here, as in wrangler's local evaluation.

`exports` say the same as a state instead of a history.

Both take the configuration's own dicts, already checked for their shape. The result maps each class to
whether its storage is SQLite.

Source: spec durable-objects.md section 12.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

#: States of an exported class in which it exists here.
_PRESENT = frozenset({"created", "expecting-transfer"})


class MigrationError(Exception):
    """A migration that cannot be applied; the message is wrangler's."""


def classes_after_migrations(migrations: Iterable[Mapping[str, Any]]) -> dict[str, bool]:
    """Replay `migrations` in order. Raises MigrationError."""
    sqlite: dict[str, bool] = {}
    for migration in migrations:
        for name in migration.get("deleted_classes", ()):
            _must_exist(sqlite, name, "deleted_classes")
            del sqlite[name]
        for move in migration.get("renamed_classes", ()):
            _must_exist(sqlite, move["from"], "renamed_classes")
            sqlite[move["to"]] = sqlite.pop(move["from"])
        for kind in ("new_classes", "new_sqlite_classes"):
            for name in migration.get(kind, ()):
                _must_be_new(sqlite, name, kind)
                sqlite[name] = kind == "new_sqlite_classes"
    return sqlite


def former_names(migrations: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """For each class that was renamed, the name it was first created under: where its local data lies."""
    first: dict[str, str] = {}
    for migration in migrations:
        for name in migration.get("deleted_classes", ()):
            first.pop(name, None)
        for move in migration.get("renamed_classes", ()):
            first[move["to"]] = first.pop(move["from"], move["from"])
    assert all(old != "" for old in first.values()), first
    return first


def classes_after_exports(exports: Mapping[str, Mapping[str, Any]]) -> dict[str, bool]:
    """The classes that `exports` declare as existing. Raises MigrationError for a rename to a class that
    is declared as gone."""
    objects = {name: entry for name, entry in exports.items() if entry.get("type") == "durable-object"}
    sqlite = {
        name: entry.get("storage", "sqlite") == "sqlite"
        for name, entry in objects.items()
        if entry.get("state", "created") in _PRESENT
    }
    for name, entry in objects.items():
        target = entry.get("renamed_to")
        if entry.get("state") != "renamed" or target is None or target in sqlite:
            continue
        if target in objects:
            raise MigrationError(f"Cannot rename class {name} to {target}: {target} is not an existing class")
        sqlite[target] = entry.get("storage", "sqlite") == "sqlite"
    return sqlite


def _must_exist(sqlite: Mapping[str, bool], name: str, kind: str) -> None:
    if name not in sqlite:
        raise MigrationError(f"Cannot apply {kind} migration to non-existent class {name}")


def _must_be_new(sqlite: Mapping[str, bool], name: str, kind: str) -> None:
    if name in sqlite:
        raise MigrationError(f"Cannot apply {kind} migration to existing class {name}")
