"""Projects for the tests of `edge check`, and what is found in them."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

from tests.wrangler_compat.config.projects import project
from wrangler_compat.check.finding import Finding
from wrangler_compat.check.project import open_project
from wrangler_compat.check.run import check_project

TODAY = datetime.date(2026, 11, 29)
DEFAULT = """\
from workers import WorkerEntrypoint

class Default(WorkerEntrypoint):
    async def fetch(self, request): ...
"""
PYPROJECT = '[project]\nname = "app"\nversion = "1"\ndependencies = [{}]\n'


def write(
    folder: Path,
    code: str = DEFAULT,
    settings: dict[str, Any] | str | None = None,
    *,
    dependencies: tuple[str, ...] | None = (),
    files: dict[str, str] | None = None,
) -> Path:
    """A project that is clean unless it is given something that is not; gives its configuration."""
    config = project(folder, settings if isinstance(settings, str) else settings or {})
    (folder / "src" / "entry.py").write_text(code)
    if dependencies is not None:
        lines = "".join(f"\n  {json.dumps(one)}," for one in dependencies)
        (folder / "pyproject.toml").write_text(PYPROJECT.format(f"{lines}\n" if lines else ""))
    for name, text in (files or {}).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return config


def check(config: Path, environment: str | None = None) -> list[Finding]:
    return check_project(open_project(config, environment, TODAY))


def found(folder: Path, *args: Any, **options: Any) -> list[tuple[str, str, int]]:
    """What is found in such a project: rule, file name and line of each."""
    findings = check(write(folder, *args, **options))
    return [(one.rule, one.place.file.name, one.place.line) for one in findings]
