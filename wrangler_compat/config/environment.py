"""The configuration of one environment: its own keys, and what it inherits from the top level.

Sources: spec wrangler.md sections 2 (texts) and 3 (which keys are inherited).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from wrangler_compat.config.diagnostics import Diagnostics, Place, shown
from wrangler_compat.config.inheritance import warn_not_inherited
from wrangler_compat.config.schema import KEYS, Scope, scoped

_UNSAFE = '"unsafe" fields are experimental and may change or break at any time.'
_REMOVED = {
    "legacy_env": (
        'The "legacy_env" field is no longer supported, so please remove it from your configuration file.\n'
        "Service environments have been removed, and each environment is now deployed as its own "
        "Worker named "
        '"<name>-<environment>". This matches the behaviour of "legacy_env = true", which was the '
        "default, so "
        "removing the field will not change how your Worker is deployed.\n"
        "Refer to https://developers.cloudflare.com/workers/wrangler/environments/ for more information."
    ),
    "node_compat": (
        'Removed: "node_compat":\n'
        'The "node_compat" field is no longer supported as of Wrangler v4. Instead, use the `nodejs_compat` '
        "compatibility flag. This includes the functionality from legacy `node_compat` polyfills and "
        "natively "
        "implemented Node.js APIs. See https://developers.cloudflare.com/workers/runtime-apis/nodejs "
        "for more "
        "information."
    ),
}


@dataclass(frozen=True, slots=True)
class Environment:
    """Flattened settings of the environment in force, and where in the file each key of them stands."""

    settings: dict[str, Any]
    places: dict[str, Place]
    diagnostics: Diagnostics
    #: That of the section `env.NAME`; None for the top level.
    name: str | None = None

    def place(self, key: str) -> Place:
        return self.places.get(key, (key,))

    def inherits(self, key: str) -> bool:
        """Whether `key` stands at the top level, where it is checked for all environments at once."""
        return self.name is not None and self.place(key)[0] != "env"


def top_level(raw: dict[str, Any], diagnostics: Diagnostics) -> Environment:
    """The settings outside of all environments."""
    _refuse_removed(raw, diagnostics, "")
    if "unsafe" in raw:
        diagnostics.warn(_UNSAFE, "unsafe")
    if not isinstance(raw.get("env", {}), dict):
        diagnostics.error(f'The field "env" should be an object but got {shown(raw["env"])}.', "env")
    unexpected = {key: value for key, value in raw.items() if key not in _REMOVED}
    _warn_unexpected(unexpected, "top-level", diagnostics, set(KEYS))
    top = {key: value for key, value in raw.items() if key in KEYS and key != "env"}
    return Environment(top, {key: (key,) for key in top}, diagnostics)


def select(raw: dict[str, Any], name: str | None, diagnostics: Diagnostics) -> Environment:
    """The settings of environment `name` (None: the top level)."""
    top = top_level(raw, diagnostics)
    return top if name is None else choose(raw, top, name)


def choose(
    raw: dict[str, Any], top: Environment, name: str, file_name: str = "wrangler.jsonc"
) -> Environment:
    """The settings of environment `name`: its own and those that it inherits from `top`."""
    environments = raw.get("env", {})
    if not isinstance(environments, dict):
        return top
    own = environments.get(name)
    if own is None:
        _unknown(name, environments, top.diagnostics, file_name)
        return replace(top, settings={**top.settings, **_suffixed(top.settings, name)})
    if not isinstance(own, dict):
        top.diagnostics.error(f'"env.{name}" should be an object but got {shown(own)}.', "env", name)
        return top
    return _inherit(top, own, name)


def _inherit(top: Environment, own: dict[str, Any], name: str) -> Environment:
    diagnostics = top.diagnostics.child(f'"env.{name}" environment configuration')
    _refuse_removed(own, diagnostics, f"env.{name}.")
    _warn_unexpected(own, f"env.{name}", diagnostics, set(scoped(Scope.INHERITED)) | set(scoped(Scope.OWN)))
    if "unsafe" in own and "unsafe" not in top.settings:
        diagnostics.warn(_UNSAFE, "env", name, "unsafe")
    inherited = (*scoped(Scope.TOP), *scoped(Scope.INHERITED))
    settings = {key: top.settings[key] for key in inherited if key in top.settings}
    places: dict[str, Place] = {key: (key,) for key in settings}
    settings.update(_suffixed(settings, name))
    for key, value in own.items():
        if key in KEYS and KEYS[key].scope is not Scope.TOP:
            settings[key] = value
            places[key] = ("env", name, key)
    for key in scoped(Scope.OWN):
        if key in top.settings:
            warn_not_inherited(key, top.settings[key], own, name, diagnostics)
    _warn_custom_domains(top.settings, own, name, diagnostics)
    return Environment(settings, places, diagnostics, name)


def _suffixed(settings: dict[str, Any], name: str) -> dict[str, Any]:
    found = settings.get("name")
    return {"name": f"{found}-{name}"} if found and isinstance(found, str) else {}


def _refuse_removed(found: dict[str, Any], diagnostics: Diagnostics, prefix: str) -> None:
    for key, text in _REMOVED.items():
        if key in found and (not prefix or key == "node_compat"):
            diagnostics.error(text, *prefix.split(".")[:-1], key)


def _warn_unexpected(found: dict[str, Any], field: str, diagnostics: Diagnostics, known: set[str]) -> None:
    unexpected = [key for key in found if key not in known]
    if unexpected:
        names = ",".join(f'"{key}"' for key in unexpected)
        place = field.split(".", 1) if field.startswith("env.") else []
        diagnostics.warn(f"Unexpected fields found in {field} field: {names}", *place, unexpected[0])


def _unknown(name: str, environments: dict[str, Any], diagnostics: Diagnostics, file_name: str) -> None:
    message = (
        f'No environment found in configuration with name "{name}".\n'
        f"Before using `--env={name}` there should be an equivalent environment section in the "
        "configuration.\n"
    )
    if environments:
        names = ",".join(f'"{known}"' for known in environments)
        message += f"The available configured environment names are: [{names}]\n"
    message += (
        f"\nConsider adding an environment configuration section to the {file_name} file:\n"
        f"```\n[env.{name}]\n```\n"
    )
    if environments:
        diagnostics.error(message, "env")
    else:
        diagnostics.warn(message)


def _warn_custom_domains(
    top: dict[str, Any], own: dict[str, Any], name: str, diagnostics: Diagnostics
) -> None:
    routes = top.get("routes")
    if "routes" in own or not isinstance(routes, list):
        return
    domains = [
        route.get("pattern") for route in routes if isinstance(route, dict) and route.get("custom_domain")
    ]
    if domains:
        diagnostics.warn(
            f'The "env.{name}" environment inherits the top-level `routes` configuration, which includes the '
            f"custom domain(s): {', '.join(map(str, domains))}. Deploying this environment will "
            "reassign these "
            f'custom domains away from the top-level Worker. Add `"routes": []` to "env.{name}" to prevent '
            "inheritance, or copy the route configuration from the top level to hide this warning.",
            "routes",
        )
