"""The containers of a project, as a deploy needs them. Pure, but for looking whether an image is a file.

Sources: spec sandbox-and-containers.md section 1; wrangler 4.164, `getNormalizedContainerOptions`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.containers.instance_types import INSTANCE_TYPES
from edge.errors import UserError
from wrangler_compat.config.containers import OLD_NAMES
from wrangler_compat.deploy.metadata import container_names, durable_exports
from wrangler_compat.deploy.project import Project

_LITE = dict(zip(("vcpu", "memory_mib", "disk_mb"), INSTANCE_TYPES["lite"], strict=True))


@dataclass(frozen=True, slots=True)
class Container:
    """One entry of the configuration: its image is that of a Dockerfile, or one that is somewhere already
    (`reference`). `logs` says whether what it prints is kept."""

    name: str
    class_name: str
    entry: Mapping[str, Any]
    logs: bool
    dockerfile: Path | None = None
    context: Path | None = None
    build_args: Mapping[str, str] | None = None
    reference: str | None = None

    @property
    def image(self) -> str:
        """What to call its image before it has a name."""
        return str(self.dockerfile or self.reference)

    @property
    def size(self) -> dict[str, float]:
        """vCPU, MiB of memory and MB of disk of an instance."""
        named = self.instance_type
        if named is not None:
            values = INSTANCE_TYPES[OLD_NAMES.get(named, named)]
            return dict(zip(("vcpu", "memory_mib", "disk_mb"), values, strict=True))
        given = self._custom()
        return {key: usual if given.get(key) is None else given[key] for key, usual in _LITE.items()}

    @property
    def instance_type(self) -> str | None:
        """The named instance type; None for a size of one's own."""
        if self._custom():
            return None
        named = self.entry.get("instance_type", "lite")
        return str(named) if isinstance(named, str) else None

    def _custom(self) -> dict[str, Any]:
        """The fields of an instance type of one's own, also in the older place, which goes first."""
        older = self.entry.get("configuration") or {}
        found = {key: older.get(key) for key in ("vcpu", "memory_mib")}
        found["disk_mb"] = (older.get("disk") or {}).get("size_mb")
        if any(value is not None for value in found.values()):
            return found
        given = self.entry.get("instance_type")
        return dict(given) if isinstance(given, dict) else {}


def containers_of(project: Project) -> tuple[Container, ...]:
    """All containers. Raises UserError for one that no Durable Object class of the project has."""
    settings = project.settings
    names = [named["name"] for named in container_names(project)]
    return tuple(
        _container(project, name, entry)
        for name, entry in zip(names, settings.get("containers", ()), strict=True)
    )


def _container(project: Project, name: str, entry: Mapping[str, Any]) -> Container:
    class_name = _class_name(project, name, entry)
    return described(name, class_name, entry, project.folder, project.settings.get("observability"))


def described(
    name: str, class_name: str, entry: Mapping[str, Any], folder: Path, observability: Any
) -> Container:
    """An entry of a configuration in `folder`, whose Worker has this `observability`."""
    logs = _logs(entry.get("observability", observability))
    path = folder / entry["image"]
    if not path.is_file():
        return Container(name, class_name, entry, logs, reference=entry["image"])
    named = entry.get("image_build_context")
    context = (folder / named if named else path.parent).resolve()
    build_args = {key: str(value) for key, value in (entry.get("image_vars") or {}).items()}
    return Container(name, class_name, entry, logs, path.resolve(), context, build_args)


def _class_name(project: Project, name: str, entry: Mapping[str, Any]) -> str:
    """The class that the entry names, or that names the entry."""
    exports = durable_exports(project.settings)
    by_export = next((key for key, one in exports.items() if one.get("container") == name), None)
    class_name = entry.get("class_name") or by_export
    if class_name is None:
        raise UserError(
            f'The container "{name}" is not linked to a Durable Object. Set its "class_name", or name it as '
            '"container" of a class in "exports".',
            file=project.source.path,
        )
    bindings = project.settings.get("durable_objects", {}).get("bindings", [])
    bound = next((binding for binding in bindings if binding.get("class_name") == class_name), None)
    if bound is not None and bound.get("script_name") not in (None, project.name):
        raise UserError(
            f'The container "{name}" is of the class {class_name}, which the Worker {bound["script_name"]} '
            "has (script_name): a container belongs to the Worker that has its class.",
            file=project.source.path,
        )
    if bound is None and class_name not in project.worker.durable_classes:
        raise UserError(
            f'The container "{name}" is of the class {class_name}, which no binding, migration or export of '
            "this Worker has.",
            file=project.source.path,
        )
    return str(class_name)


def _logs(observability: Any) -> bool:
    found = observability or {}
    return bool((found.get("logs") or {}).get("enabled", found.get("enabled", False)))
