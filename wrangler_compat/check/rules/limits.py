"""Sizes that Cloudflare limits. Source: Cloudflare page "Workers: Limits", read 2026-11."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from wrangler_compat.check.finding import Place, Severity
from wrangler_compat.check.project import Project
from wrangler_compat.check.rule import ProjectHits, project_rule

WORKER_BYTES_MAX = 64 * 1024 * 1024
VARIABLE_BYTES_MAX = 5 * 1024
VARIABLES_MAX = 128
VARIABLES_MAX_FREE = 64
ASSET_BYTES_MAX = 25 * 1024 * 1024
ASSETS_MAX = 100_000
ASSETS_MAX_FREE = 20_000
#: What wrangler takes along from the folder of the main module (its default rules, and Python's).
_UPLOADED = frozenset({".py", ".txt", ".html", ".sql", ".bin", ".wasm"})
_LEFT_OUT = frozenset({"__pycache__", "node_modules"})


@project_rule("worker-size", Severity.ERROR, remedy="Move data to assets, KV or R2; leave packages out.")
def worker_size(project: Project) -> ProjectHits:
    """More than 64 MiB of modules and vendored packages."""
    main = project.examined.worker.main
    if main is None or not main.is_file():
        return
    paths = {path for path in _files(main.parent) if path.suffix in _UPLOADED}
    paths |= {path for path in _files(project.root / "python_modules") if path.suffix != ".pyc"}
    size = sum(path.stat().st_size for path in paths)
    if size > WORKER_BYTES_MAX:
        yield Place(project.config), f"the Worker's files take {_mib(size)}, at most {_mib(WORKER_BYTES_MAX)}"


@project_rule("variable-size", Severity.ERROR, remedy="Keep it in KV, or split it.")
def variable_size(project: Project) -> ProjectHits:
    """A variable or secret of more than 5 KB."""
    worker = project.examined.worker
    for name, value in {**worker.vars, **worker.secrets}.items():
        text = value if isinstance(value, str) else json.dumps(value, default=str)
        if len(text.encode("utf-8", "surrogatepass")) > VARIABLE_BYTES_MAX:
            where = project.key("vars", name) if name in worker.vars else Place(project.config)
            yield where, f'"{name}" is longer than {VARIABLE_BYTES_MAX} bytes'


@project_rule("variable-count", Severity.WARNING, remedy="Put several into one JSON object.")
def variable_count(project: Project) -> ProjectHits:
    """More than 128 variables and secrets, or 64 on the Free plan."""
    worker = project.examined.worker
    yield from _above(
        project.key("vars"),
        len(worker.vars) + len(worker.secrets),
        VARIABLES_MAX,
        VARIABLES_MAX_FREE,
        "variables and secrets",
    )


@project_rule("asset-size", Severity.ERROR, remedy="Serve it from R2.")
def asset_size(project: Project) -> ProjectHits:
    """A static file of more than 25 MiB."""
    assets = project.examined.worker.assets
    for path in _files(assets.directory) if assets is not None else ():
        size = path.stat().st_size
        if size > ASSET_BYTES_MAX:
            yield Place(path), f"the file takes {_mib(size)}, at most {_mib(ASSET_BYTES_MAX)}"


@project_rule("asset-count", Severity.WARNING, remedy="Serve the bulk from R2.")
def asset_count(project: Project) -> ProjectHits:
    """More than 100,000 static files, or 20,000 on the Free plan."""
    assets = project.examined.worker.assets
    if assets is not None:
        count = sum(1 for _ in _files(assets.directory))
        yield from _above(project.key("assets"), count, ASSETS_MAX, ASSETS_MAX_FREE, "static files")


def _above(where: Place, count: int, maximum: int, free: int, what: str) -> ProjectHits:
    if count > maximum:
        yield where, f"{count} {what}, at most {maximum}"
    elif count > free:
        yield where, f"{count} {what}, at most {free} on the Free plan"


def _files(folder: Path) -> Iterator[Path]:
    for where, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in _LEFT_OUT and not name.startswith(".")]
        yield from (Path(where, name) for name in names)


def _mib(size: int) -> str:
    return f"{size / 1024 / 1024:.1f} MiB"
