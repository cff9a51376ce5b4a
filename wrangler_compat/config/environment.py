"""The configuration of one environment: its own keys, and what it inherits from the top level.

Sources: spec wrangler.md sections 2 (texts) and 3 (which keys are inherited).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from wrangler_compat.config.diagnostics import Diagnostics, Place, shown
from wrangler_compat.config.schema import KEYS, Scope, scoped


@dataclass(frozen=True, slots=True)
class Environment:
    """Flattened settings of the environment in force, and where in the file each key of them stands."""

    settings: dict[str, Any]
    places: dict[str, Place]
    diagnostics: Diagnostics
    name: str | None = None

    def place(self, key: str) -> Place:
        return self.places.get(key, (key,))


def select(raw: dict[str, Any], name: str | None, diagnostics: Diagnostics) -> Environment:
    """The settings of environment `name` (None: the top level)."""
    _warn_unexpected(raw, "top-level", diagnostics, set(KEYS))
    top = {key: value for key, value in raw.items() if key in KEYS and key != "env"}
    environments = raw.get("env", {})
    if not isinstance(environments, dict):
        diagnostics.error(f'The field "env" should be an object but got {shown(environments)}.', "env")
        environments = {}
    if name is None:
        return Environment(top, {key: (key,) for key in top}, diagnostics)
    chosen = environments.get(name)
    if not isinstance(chosen, dict):
        _unknown(name, environments, chosen, diagnostics)
        return Environment(top, {key: (key,) for key in top}, diagnostics, name)
    return _inherit(top, chosen, name, diagnostics.child(f'"env.{name}" environment configuration'))


def _inherit(top: dict[str, Any], own: dict[str, Any], name: str, diagnostics: Diagnostics) -> Environment:
    _warn_unexpected(own, f'"env.{name}"', diagnostics, set(scoped(Scope.INHERITED)) | set(scoped(Scope.OWN)))
    settings = {key: top[key] for key in (*scoped(Scope.TOP), *scoped(Scope.INHERITED)) if key in top}
    places: dict[str, Place] = {key: (key,) for key in settings}
    for key, value in own.items():
        if key in KEYS and KEYS[key].scope is not Scope.TOP:
            settings[key] = value
            places[key] = ("env", name, key)
    if "name" not in own and isinstance(top.get("name"), str):
        settings["name"] = f"{top['name']}-{name}"
    for key in scoped(Scope.OWN):
        _warn_not_inherited(key, top, own, name, diagnostics)
    return Environment(settings, places, diagnostics, name)


def _warn_unexpected(found: dict[str, Any], field: str, diagnostics: Diagnostics, known: set[str]) -> None:
    unexpected = [key for key in found if key not in known]
    if unexpected:
        names = ",".join(f'"{key}"' for key in unexpected)
        diagnostics.warn(f"Unexpected fields found in {field} field: {names}", unexpected[0])


def _unknown(name: str, environments: dict[str, Any], chosen: Any, diagnostics: Diagnostics) -> None:
    if chosen is not None:
        diagnostics.error(f'"env.{name}" should be an object but got {shown(chosen)}.', "env", name)
        return
    message = (
        f'No environment found in configuration with name "{name}".\n'
        f"Before using `--env={name}` there should be an equivalent environment section in the configuration."
    )
    if environments:
        names = ",".join(f'"{known}"' for known in environments)
        diagnostics.error(f"{message}\nThe available configured environment names are: [{names}]", "env")
    else:
        diagnostics.warn(message)


def _warn_not_inherited(
    key: str, top: dict[str, Any], own: dict[str, Any], name: str, diagnostics: Diagnostics
) -> None:
    if key not in top:
        return
    if key == "vars" and isinstance(top[key], dict):
        _warn_vars(top[key], own.get("vars", {}), name, diagnostics)
    elif key == "durable_objects" and key in own:
        _warn_durable(top[key], own[key], name, diagnostics)
    elif key not in own and top[key]:
        diagnostics.warn(
            f'"{key}" exists at the top level, but not on "env.{name}".\n'
            f'This is not what you probably want, since "{key}" is not inherited by environments.\n'
            f'Please add "{key}" to "env.{name}".',
            "env",
            name,
        )


def _warn_vars(top: dict[str, Any], own: Any, name: str, diagnostics: Diagnostics) -> None:
    missing = [key for key in top if not isinstance(own, dict) or key not in own]
    if missing:
        diagnostics.warn(
            f'The following vars exist at the top level, but not on "env.{name}.vars".\n'
            'This is probably not what you want, since "vars" configuration is not inherited by '
            "environments.\n"
            f'Please add these vars to "env.{name}.vars":\n' + "\n".join(f"- {key}" for key in missing),
            "env",
            name,
        )


def _warn_durable(top: Any, own: Any, name: str, diagnostics: Diagnostics) -> None:
    missing = [binding for binding in _binding_names(top) if binding not in _binding_names(own)]
    if missing:
        diagnostics.warn(
            f'The following bindings are at the top level, but not on "env.{name}".\n'
            'This is not what you probably want, since "durable_objects" configuration is not inherited by '
            "environments.\n"
            f'Please add a binding for each to "env.{name}.durable_objects.bindings":\n'
            + "\n".join(f"- {binding}" for binding in missing),
            "env",
            name,
        )


def _binding_names(durable_objects: Any) -> list[str]:
    bindings = durable_objects.get("bindings") if isinstance(durable_objects, dict) else None
    entries = bindings if isinstance(bindings, list) else []
    return [
        entry["name"] for entry in entries if isinstance(entry, dict) and isinstance(entry.get("name"), str)
    ]
