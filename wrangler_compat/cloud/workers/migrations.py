"""Durable Object classes of a Worker, and the migrations that make, rename and remove them. Pure.

Source: Cloudflare: "Durable Objects migrations"; spec wrangler.md section 7.6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from wrangler_compat.cloud.envelope import Refusal


@dataclass(frozen=True, slots=True)
class DurableClass:
    """A class with data: how it is stored, and the name under which its data began."""

    sqlite: bool
    first_name: str


Classes = Mapping[str, DurableClass]


def migrated(classes: Classes, tag: str | None, migrations: Mapping[str, Any]) -> tuple[Classes, str | None]:
    """The classes and the tag after `migrations`, as an upload carries them. Raises `Refusal`."""
    old_tag = migrations.get("old_tag")
    if old_tag != tag:
        shown = "unset" if tag is None else f"'{tag}'"
        raise Refusal(412, 10079, f"Migration tag precondition failed; current tag is {shown}")
    for step in _steps(migrations):
        classes = _after(classes, step)
    return classes, migrations.get("new_tag", tag)


def exported(classes: Classes, exports: Mapping[str, Any]) -> Classes:
    """The classes after the declarations of `exports`, the newer form. Raises `Refusal`."""
    for name, declared in exports.items():
        if declared.get("type", "durable-object") != "durable-object":
            continue
        state = declared.get("state", "created")
        if state == "deleted":
            classes = _removed(classes, name) if name in classes else classes
        elif state == "renamed":
            classes = _renamed(classes, name, declared["renamed_to"]) if name in classes else classes
        elif state == "created":
            if name not in classes:
                classes = _made(classes, name, sqlite=declared.get("storage") == "sqlite")
        else:
            raise Refusal(400, 10021, f"the state '{state}' of the export '{name}' is not emulated")
    return classes


def _steps(migrations: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The steps; the API takes a single one without the list, too."""
    steps: Sequence[Mapping[str, Any]] | None = migrations.get("steps")
    return [migrations] if steps is None else steps


def _after(classes: Classes, step: Mapping[str, Any]) -> Classes:
    if step.get("transferred_classes"):
        raise Refusal(400, 10021, "transferred_classes are not emulated")
    for kind, sqlite in (("new_classes", False), ("new_sqlite_classes", True)):
        for name in step.get(kind) or ():
            classes = _made(classes, name, sqlite=sqlite)
    for renamed in step.get("renamed_classes") or ():
        classes = _renamed(classes, renamed["from"], renamed["to"])
    for name in step.get("deleted_classes") or ():
        classes = _removed(classes, name)
    return classes


def _made(classes: Classes, name: str, *, sqlite: bool) -> Classes:
    if name in classes:
        what = "new-sqlite-class" if sqlite else "new-class"
        raise Refusal(
            400,
            10074,
            f"Cannot apply {what} migration to class '{name}' that is already depended on by existing "
            f"Durable Objects",
        )
    return {**classes, name: DurableClass(sqlite, name)}


def _renamed(classes: Classes, old: str, new: str) -> Classes:
    if new in classes:
        raise Refusal(400, 10074, f"Cannot rename class '{old}' to '{new}', which exists already")
    moved = _known(classes, old)
    return {**{name: found for name, found in classes.items() if name != old}, new: replace(moved)}


def _removed(classes: Classes, name: str) -> Classes:
    _known(classes, name)
    return {other: found for other, found in classes.items() if other != name}


def _known(classes: Classes, name: str) -> DurableClass:
    if name not in classes:
        raise Refusal(400, 10070, f"The class '{name}' is not one of this Worker's Durable Objects")
    return classes[name]
