"""What the API is told of a container: the application it shall have, what changes in the one it has. Pure.

Source: wrangler 4.164, `containerConfigToCreateRequest`, `cleanApplicationFromAPI` and
`configRolloutStepsToAPI`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edge.containers.instance_types import INSTANCE_TYPES
from wrangler_compat.deploy.containers.container import Container

_MAX_INSTANCES = 20
_MODIFIED = (
    *("configuration", "observability", "max_instances", "constraints", "affinities", "scheduling_policy"),
    "rollout_active_grace_period",
)
_TARGETS = ("target_instance_percentage", "target_instance_count")
_SIZE = ("vcpu", "memory_mib", "disk", "memory")
Application = Mapping[str, Any]


def wanted(
    container: Container, image: str, namespace_id: str, before: Application | None = None
) -> dict[str, Any]:
    """The application of a container, as it is made; `before` is the one that there is."""
    entry = container.entry
    configuration = {
        "image": image,
        **_size(container),
        "wrangler_ssh": entry.get("ssh", entry.get("wrangler_ssh")),
        "authorized_keys": entry.get("authorized_keys"),
        "trusted_user_ca_keys": entry.get("trusted_user_ca_keys"),
    }
    logs = _observability(container, before)
    if before is not None and _has_older_logs(before):
        configuration["observability"], logs = _older_logs(container, before), None
    made = {
        "name": container.name,
        "scheduling_policy": entry.get("scheduling_policy", "default"),
        "observability": logs,
        "configuration": configuration,
        "instances": 0,
        "max_instances": entry.get("max_instances", _MAX_INSTANCES),
        "constraints": _constraints(entry.get("constraints") or {}),
        "affinities": _affinities(entry.get("affinities")),
        "durable_objects": {"namespace_id": namespace_id},
        "rollout_active_grace_period": entry.get("rollout_active_grace_period", 0),
    }
    return merged(given(made), entry.get("unsafe") or {})


def change(asked: Application) -> dict[str, Any]:
    """The part of an application that can be changed."""
    return {key: asked[key] for key in _MODIFIED if key in asked}


def as_asked(before: Application, container: Container) -> dict[str, Any]:
    """The application that there is, in the terms in which one is asked for."""
    configuration = dict(before["configuration"])
    size = (configuration.get("vcpu"), configuration.get("memory_mib"),
            (configuration.get("disk") or {}).get("size_mb"))  # fmt: skip
    named = next((name for name, values in INSTANCE_TYPES.items() if values == size), None)
    if container.instance_type is not None and named is not None:
        configuration = {key: value for key, value in configuration.items() if key not in _SIZE}
        configuration["instance_type"] = named
    if not _has_older_logs(before):
        configuration.pop("observability", None)
    return given({**{key: before.get(key) for key in _MODIFIED}, "configuration": configuration})


def differences(
    before: Mapping[str, Any], after: Mapping[str, Any], at: str = ""
) -> dict[str, tuple[Any, Any]]:
    """What differs between two states of an application: old and new by the place (`configuration.image`)."""
    found: dict[str, tuple[Any, Any]] = {}
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            found |= differences(old, new, f"{at}{key}.")
        elif old != new:
            found[f"{at}{key}"] = (old, new)
    return found


def rollout(container: Container, asked: Application, *, immediate: bool) -> dict[str, Any]:
    """How a changed configuration reaches the instances."""
    entry = container.entry
    few = entry.get("max_instances", _MAX_INSTANCES) < 2
    steps = 100 if immediate else entry.get("rollout_step_percentage", 100 if few else [10, 100])
    count = len(steps) if isinstance(steps, list) else 1
    return {
        "description": "Progressive update",
        "strategy": "rolling",
        "target_configuration": asked.get("configuration", {}),
        **(
            {
                "steps": [
                    {
                        "step_size": {"percentage": step},
                        "description": f"Step {number} of {count} - rollout at {step}% of instances",
                    }
                    for number, step in enumerate(steps, 1)
                ]
            }
            if isinstance(steps, list)
            else {"step_percentage": steps}
        ),
        "kind": "full_manual" if entry.get("rollout_kind") == "full_manual" else "full_auto",
    }


def given(values: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is not said."""
    return {
        key: given(value) if isinstance(value, Mapping) else value
        for key, value in values.items()
        if value is not None
    }


def merged(into: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """`into` with what `more` says instead, deeply."""
    found = dict(into)
    for key, value in more.items():
        both = isinstance(value, Mapping) and isinstance(found.get(key), Mapping)
        found[key] = merged(found[key], value) if both else value
    return found


def _size(container: Container) -> dict[str, Any]:
    if container.instance_type is not None:
        return {"instance_type": container.instance_type}
    size = container.size
    return {
        "disk": {"size_mb": size["disk_mb"]},
        "memory_mib": size["memory_mib"],
        "vcpu": size["vcpu"],
    }


def _constraints(entry: Mapping[str, Any]) -> dict[str, Any]:
    tiers = entry.get("tiers") or ([entry["tier"]] if entry.get("tier") else [1, 2])
    regions, cities, jurisdiction = (entry.get(key) for key in ("regions", "cities", "jurisdiction"))
    return {
        "tiers": None if tiers == [-1] and not entry.get("tiers") else tiers,
        "regions": regions and [region.upper() for region in regions],
        "jurisdiction": jurisdiction and jurisdiction.lower(),
        "cities": cities and [city.lower() for city in cities],
    }


def _affinities(entry: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return {key: entry.get(key) for key in ("colocation", "hardware_generation")} if entry else None


def _observability(container: Container, before: Application | None) -> dict[str, Any] | None:
    """Whether logs are kept. Nothing is said where nothing was and nothing shall be."""
    entry = container.entry.get("observability") or {}
    asked = {"logs": {"enabled": container.logs}, **{key: entry[key] for key in _TARGETS if key in entry}}
    had = (before or {}).get("observability")
    if not container.logs and len(asked) == 1:
        was = had is not None and (had.get("logs", {}).get("enabled") or set(had) & set(_TARGETS))
        return asked if was else None
    return None if had == asked else asked


def _has_older_logs(before: Application) -> bool:
    """Applications from before kept logs by their configuration, and go on with it."""
    return bool(_logs_of(before["configuration"]).get("enabled"))


def _older_logs(container: Container, before: Application) -> dict[str, Any] | None:
    same = _logs_of(before["configuration"]).get("enabled") == container.logs
    return None if same else {"logs": {"enabled": container.logs}}


def _logs_of(configuration: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = (configuration.get("observability") or {}).get("logs") or {}
    return found
