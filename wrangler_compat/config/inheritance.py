"""Warnings about what an environment does not inherit from the top level.

Source: spec wrangler.md section 2; texts of wrangler 4.164.0.
"""

from __future__ import annotations

from typing import Any

from wrangler_compat.config.diagnostics import Diagnostics

_NOT_WANTED = 'This is not what you probably want, since "{key}"{what} is not inherited by environments.'


def warn_not_inherited(key: str, top: Any, own: dict[str, Any], name: str, diagnostics: Diagnostics) -> None:
    """Warn where `env.NAME` lacks `key`, whose value at the top level is `top`, or entries of it."""
    if key not in own:
        text = f'"{key}" exists at the top level, but not on "env.{name}".\n'
        text += _NOT_WANTED.format(key=key, what="")
        diagnostics.warn(f'{text}\nPlease add "{key}" to "env.{name}".', "env", name)
    elif key == "vars":
        _warn_entries(key, "vars", "vars", top, own[key], name, diagnostics)
    elif key == "define":
        _warn_entries(key, "define entries", "entries", top, own[key], name, diagnostics)
        _warn_superfluous_defines(top, own[key], name, diagnostics)
    elif key == "durable_objects":
        _warn_durable(top, own[key], name, diagnostics)
    elif isinstance(top, list) and isinstance(own[key], list):
        _warn_bindings(key, top, own[key], name, diagnostics)


def _warn_entries(
    key: str, what: str, short: str, top: Any, own: Any, name: str, diagnostics: Diagnostics
) -> None:
    if not isinstance(top, dict) or not isinstance(own, dict):
        return
    missing = [entry for entry in top if entry not in own]
    if missing:
        diagnostics.warn(
            f'The following {what} exist at the top level, but not on "env.{name}.{key}".\n'
            f'This is probably not what you want, since "{key}" configuration is not inherited by '
            "environments.\n"
            f'Please add these {short} to "env.{name}.{key}":\n'
            + "\n".join(f"- {entry}" for entry in missing),
            *("env", name, key),
        )


def _warn_superfluous_defines(top: Any, own: Any, name: str, diagnostics: Diagnostics) -> None:
    if not isinstance(top, dict) or not isinstance(own, dict) or not top:
        return
    for entry in own:
        if entry not in top:
            diagnostics.warn(
                f'"{entry}" exists on "env.{name}", but not on the top level.\n'
                'This is not what you probably want, since "define" configuration within '
                "environments can only "
                'override existing top level "define" configuration\n'
                f'Please remove "env.{name}.define.{entry}", or add "define.{entry}".',
                *("env", name, "define", entry),
            )


def _warn_durable(top: Any, own: Any, name: str, diagnostics: Diagnostics) -> None:
    missing = [binding for binding in _durable_names(top) if binding not in _durable_names(own)]
    if missing:
        text = f'The following bindings are at the top level, but not on "env.{name}".\n'
        text += _NOT_WANTED.format(key="durable_objects", what=" configuration")
        text += f'\nPlease add a binding for each to "env.{name}.durable_objects.bindings":\n'
        diagnostics.warn(
            text + "\n".join(f"- {binding}" for binding in missing), "env", name, "durable_objects"
        )


def _durable_names(durable_objects: Any) -> list[str]:
    bindings = durable_objects.get("bindings") if isinstance(durable_objects, dict) else None
    entries = bindings if isinstance(bindings, list) else []
    return [
        entry["name"] for entry in entries if isinstance(entry, dict) and isinstance(entry.get("name"), str)
    ]


def _warn_bindings(key: str, top: list[Any], own: list[Any], name: str, diagnostics: Diagnostics) -> None:
    for binding in _binding_names(top):
        if binding not in _binding_names(own):
            text = (
                f'There is a {key} binding with name "{binding}" at the top level, but not on "env.{name}".\n'
            )
            text += _NOT_WANTED.format(key=key, what=" configuration")
            text += f'\nPlease add a binding for "{binding}" to "env.{name}.{key}.bindings".'
            diagnostics.warn(text, "env", name, key)


def _binding_names(entries: list[Any]) -> list[str]:
    return [entry["binding"] for entry in entries if isinstance(entry, dict) and "binding" in entry]
