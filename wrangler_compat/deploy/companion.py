"""The companion of a Worker with sandboxes: a Worker in JavaScript that has the SDK's own class `Sandbox`.

On Cloudflare the objects behind `get_sandbox` are then those of Cloudflare's SDK, with its image. The Python
Worker binds to them by `script_name`; its code stays as it is. A class of one's own that extends `Sandbox` in
Python stays where it is.

Sources: spec sandbox-and-containers.md sections 1 and 4; Cloudflare docs, "Sandbox SDK: get started".
"""

from __future__ import annotations

import ast
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from edge.errors import UserError
from wrangler_compat.deploy.project import Project
from wrangler_compat.deploy.sandbox_image import SandboxImage, sandbox_image

#: What the objects themselves read from their environment.
_VARIABLES = ("SANDBOX_", "BACKUP_", "R2_", "AWS_", "CLOUDFLARE_")
#: Whose deploys are followed here.
_WRANGLER = "^4.164.0"
_COPIED = ("account_id", "observability", "logpush", "tail_consumers", "placement")
_INDEX = """\
// Made by edge deploy: the Durable Objects behind the sandboxes of the Worker {worker}.
export {{ {exports}, ContainerProxy }} from "@cloudflare/sandbox";

export default {{
  fetch() {{
    return new Response("The sandboxes of the Worker {worker} are reached through it.", {{ status: 404 }});
  }},
}};
"""


@dataclass(frozen=True, slots=True)
class Companion:
    """The Worker `name`, with the Durable Object `classes` that it takes over from `project`."""

    name: str
    project: Project
    classes: tuple[str, ...]
    images: Mapping[str, SandboxImage]

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(warning for image in self.images.values() for warning in image.warnings)

    def files(self, folder: Path) -> dict[str, bytes]:
        """Its files by name; paths in its configuration are relative to `folder`."""
        renamed = [name if name == "Sandbox" else f"Sandbox as {name}" for name in self.classes]
        index = _INDEX.format(worker=self.project.name, exports=", ".join(renamed))
        package = {
            "name": self.name,
            "private": True,
            "type": "module",
            "dependencies": {"@cloudflare/sandbox": _one_version(self.images)},
            "devDependencies": {"wrangler": _WRANGLER},
        }
        files = {
            "index.js": index,
            "package.json": json.dumps(package, indent=2) + "\n",
            "wrangler.json": json.dumps(self._config(folder), indent=2) + "\n",
        }
        files |= {self._dockerfile(name): image.dockerfile for name, image in self.images.items()}
        return {name: text.encode() for name, text in files.items()}

    def _config(self, folder: Path) -> dict[str, Any]:
        settings = self.project.settings
        variables = settings.get("vars", {})
        config = {
            "name": self.name,
            "main": "index.js",
            "compatibility_date": settings["compatibility_date"],
            "compatibility_flags": ["nodejs_compat"],
            "workers_dev": False,
            **{key: settings[key] for key in _COPIED if key in settings},
            "vars": {name: value for name, value in variables.items() if name.startswith(_VARIABLES)},
            "r2_buckets": settings.get("r2_buckets", []),
            "durable_objects": {"bindings": [{"name": name, "class_name": name} for name in self.classes]},
            "migrations": [{"tag": "v1", "new_sqlite_classes": list(self.classes)}],
            "containers": [self._container(entry, folder) for entry in _containers(settings, self.classes)],
        }
        return {key: value for key, value in config.items() if value not in ({}, [])}

    def _container(self, entry: Mapping[str, Any], folder: Path) -> dict[str, Any]:
        image = self.images[entry["class_name"]]
        moved = {**entry, "image": f"./{self._dockerfile(entry['class_name'])}"}
        if image.context is not None:
            moved["image_build_context"] = os.path.relpath(image.context, folder)
        return moved

    def _dockerfile(self, class_name: str) -> str:
        return "Dockerfile" if len(self.images) == 1 else f"{class_name}.Dockerfile"


def with_companion(project: Project) -> tuple[Project, Companion | None]:
    """The project as its Python Worker is deployed, and the companion when it needs one. Raises UserError
    for images of different versions of the SDK."""
    settings = project.settings
    ours = _sandbox_names(project.worker.main)
    named = [entry.get("class_name") for entry in settings.get("containers", ())]
    classes = tuple(name for name in named if name in ours)
    if not classes:
        return project, None
    entries = _containers(settings, classes)
    images = {entry["class_name"]: sandbox_image(entry, project.folder) for entry in entries}
    _one_version(images)
    companion = Companion(f"{project.name}-sandbox", project, classes, images)
    left = {name: kind for name, kind in project.worker.durable_classes.items() if name not in classes}
    worker = replace(project.worker, durable_classes=left)
    return replace(project, settings=_without(settings, companion), worker=worker), companion


def _one_version(images: Mapping[str, SandboxImage]) -> str:
    """The version of the SDK. Raises UserError when images are of different ones: there is one package."""
    versions = sorted({image.sdk_version for image in images.values()})
    if len(versions) > 1:
        raise UserError(
            "The images of sandboxes are of different versions of the Sandbox SDK "
            f"({', '.join(versions)}). One Worker has one: let all Dockerfiles begin with the same tag."
        )
    return versions[0]


def _without(settings: Mapping[str, Any], companion: Companion) -> dict[str, Any]:
    """The settings of the Python Worker: its bindings lead to the companion, which has the rest."""
    classes = set(companion.classes)
    bindings = [
        {**binding, "script_name": companion.name}
        if binding["class_name"] in classes and "script_name" not in binding
        else binding
        for binding in settings.get("durable_objects", {}).get("bindings", [])
    ]
    steps = [_step_without(step, classes) for step in settings.get("migrations", [])]
    exports = settings.get("exports", {})
    changed: dict[str, Any] = {
        "durable_objects": {**settings.get("durable_objects", {}), "bindings": bindings},
        "containers": [entry for entry in settings["containers"] if entry.get("class_name") not in classes],
        "migrations": [step for step in steps if len(step) > 1],
        "exports": {name: entry for name, entry in exports.items() if name not in classes},
    }
    kept = {key: value for key, value in settings.items() if changed.get(key) not in ([], {})}
    return {key: changed.get(key, value) for key, value in kept.items()}


def _step_without(step: Mapping[str, Any], classes: set[str]) -> dict[str, Any]:
    found: dict[str, Any] = {"tag": step["tag"]}
    for key, names in step.items():
        if key != "tag":
            kept = [name for name in names if name not in classes] if key.startswith("new_") else names
            if kept:
                found[key] = kept
    return found


def _containers(settings: Mapping[str, Any], classes: tuple[str, ...]) -> list[Mapping[str, Any]]:
    return [entry for entry in settings["containers"] if entry.get("class_name") in classes]


def _sandbox_names(main: Path | None) -> set[str]:
    """The names under which the main module has the SDK's class itself."""
    if main is None:
        return set()
    try:
        body = ast.parse(main.read_bytes()).body
    except (SyntaxError, ValueError):
        return set()  # `edge check` says so
    imported = {
        alias.asname or alias.name
        for node in body
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module == "sandbox"
        for alias in node.names
        if alias.name == "Sandbox"
    }
    return imported - {node.name for node in body if isinstance(node, ast.ClassDef)}
