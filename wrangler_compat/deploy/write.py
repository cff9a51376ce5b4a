"""A plan as a folder that wrangler deploys as it stands: `wrangler deploy` in it uploads the same.

wrangler.json     the configuration of one environment, with paths into this folder
src/              the Worker's modules
python_modules/   its vendored packages
assets/           its static files
sandbox/          the Worker in JavaScript that has the classes of sandboxes, if there are any
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edge.errors import UserError
from wrangler_compat.deploy.bundle import VENDORED
from wrangler_compat.deploy.plan import Plan

CONFIG = "wrangler.json"
#: Says that a deploy wrote the folder, so that the next one may replace it.
_MARK = ".edge-deploy"
COMPANION = "sandbox"
_MODULES, _ASSETS = "src", "assets"
#: npm's, which is worth keeping.
_LOCK = "package-lock.json"
_CONTROL_FILES = ("_headers", "_redirects")
#: Keys about files that are elsewhere in this folder, or that were followed when it was made.
_DROPPED = ("env", "base_dir", "rules", "python_modules", "$schema", "build", "assets", "main")


def write_plan(plan: Plan, folder: Path) -> list[Path]:
    """Write the bundle of `plan` and its configuration to `folder`, which is made, or replaced when a
    deploy wrote it before. Returns the files. Raises UserError when something else is in it."""
    write_modules(plan, folder)
    if plan.companion is not None:
        for name, content in plan.companion.files(folder / COMPANION).items():
            write_file(folder / COMPANION / name, content)
    write_file(folder / CONFIG, (json.dumps(_config(plan, folder), indent=2) + "\n").encode())
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name != _MARK)


def write_modules(plan: Plan, folder: Path) -> None:
    """Write modules and static files to `folder`, in place of those that a deploy wrote before. Raises
    UserError when something else is in it."""
    _empty(folder)
    for module in plan.bundle.modules:
        name = module.name if module.is_vendored else f"{_MODULES}/{module.name}"
        write_file(folder / name, module.content)
    for path, file in _asset_sources(plan):
        write_file(folder / _ASSETS / path, file.read_bytes())
    write_file(folder / _MARK, b"")


def write_file(path: Path, content: bytes) -> None:
    """Write a file, and the folders it is in. Raises UserError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}") from None


def _config(plan: Plan, folder: Path) -> dict[str, Any]:
    settings = plan.project.settings
    config = {key: value for key, value in settings.items() if key not in _DROPPED}
    config["name"] = plan.name
    if plan.overrides:
        config["vars"] = {**settings.get("vars", {}), **plan.overrides}
    if plan.bundle.main is not None:
        config["main"] = f"{_MODULES}/{plan.bundle.main.name}"
        config["rules"] = _exact_rules(plan)
        config["python_modules"] = {"exclude": []}
    if plan.project.worker.assets is not None:
        config["assets"] = {**settings["assets"], "directory": f"./{_ASSETS}"}
    if "containers" in settings:
        config["containers"] = [_container(plan, entry, folder) for entry in settings["containers"]]
    return config


def _exact_rules(plan: Plan) -> list[dict[str, Any]]:
    """Rules that find exactly the modules that are here, in spite of the defaults."""
    kinds: dict[str, list[str]] = {}
    for module in plan.bundle.modules:
        if not module.is_vendored and module.kind != "PythonModule":
            kinds.setdefault(module.kind, []).append(module.name)
    return [{"type": kind, "globs": names, "fallthrough": False} for kind, names in kinds.items()]


def _container(plan: Plan, entry: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Images are built from where their files are; only the paths change."""
    moved = dict(entry)
    for key in ("image", "image_build_context"):
        if key in entry and (plan.project.folder / entry[key]).exists():
            moved[key] = os.path.relpath(plan.project.folder / entry[key], folder)
    return moved


def _asset_sources(plan: Plan) -> Iterator[tuple[str, Path]]:
    assets = plan.project.worker.assets
    if assets is None:
        return
    yield from ((asset.path[1:], asset.file) for asset in plan.assets)
    yield from ((name, file) for name in _CONTROL_FILES if (file := assets.directory / name).is_file())


def _empty(folder: Path) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise UserError(f'--outdir "{folder}" is a file')
    if any(folder.iterdir()) and not (folder / _MARK).is_file():
        raise UserError(
            f'--outdir "{folder}" holds files that no deploy wrote: give a new or an empty folder'
        )
    for name in (_MODULES, VENDORED, _ASSETS):
        shutil.rmtree(folder / name, ignore_errors=True)
    for file in (folder / COMPANION).glob("*"):
        if file.is_file() and file.name != _LOCK:
            file.unlink()
