"""Projects to deploy, made of a few files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wrangler_compat.deploy.plan import Plan, UploadOptions, make_plan
from wrangler_compat.deploy.project import DeployOptions, Project, read_project

ENTRY = "from workers import WorkerEntrypoint\n\nclass Default(WorkerEntrypoint):\n    pass\n"
#: The same with a Durable Object.
SHOP = f"{ENTRY}\nfrom workers import DurableObject\n\nclass Cart(DurableObject):\n    pass\n"
CONFIG: dict[str, Any] = {
    "name": "shop",
    "main": "src/entry.py",
    "compatibility_date": "2026-10-01",
    "compatibility_flags": ["python_workers"],
}
#: For a key of `CONFIG` that a project has not.
ABSENT = object()
#: The SDK, as far as a bundle cares.
SDK = {"python_modules/workers/__init__.py": ""}


def write_project(folder: Path, files: Mapping[str, str | bytes] | None = None, **config: Any) -> Path:
    """A project in `folder`; gives its configuration."""
    settings = {key: value for key, value in {**CONFIG, **config}.items() if value is not ABSENT}
    texts: dict[str, str | bytes] = {
        "src/entry.py": ENTRY,
        **SDK,
        "wrangler.jsonc": json.dumps(settings),
        **(files or {}),
    }
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder / "wrangler.jsonc"


def project_of(folder: Path, **config: Any) -> Project:
    return read_project(write_project(folder, **config), DeployOptions(process={}))


def plan_of(folder: Path, files: Mapping[str, str | bytes] | None = None, **config: Any) -> Plan:
    path = write_project(folder, files, **config)
    return make_plan(read_project(path, DeployOptions(process={})), UploadOptions())
