"""Small projects on disk for the tests of configuration."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from edge.config import WorkerConfig
from edge.errors import ConfigError
from wrangler_compat.config.load import Loaded, LoadOptions, load

BASE: dict[str, Any] = {
    "name": "app",
    "main": "src/entry.py",
    "compatibility_date": "2026-10-01",
    "compatibility_flags": ["python_workers"],
}


def project(folder: Path, settings: dict[str, Any] | str, name: str = "wrangler.jsonc") -> Path:
    """Write a project with an entry point; gives the configuration file."""
    (folder / "src").mkdir(parents=True, exist_ok=True)
    (folder / "src" / "entry.py").write_text("")
    path = folder / name
    path.write_text(settings if isinstance(settings, str) else json.dumps({**BASE, **settings}, indent=2))
    return path


def loaded(folder: Path, settings: dict[str, Any] | str, **options: Any) -> Loaded:
    return load([project(folder, settings)], LoadOptions(**{"process": {}, **options}))


def worker(folder: Path, settings: dict[str, Any] | str, **options: Any) -> WorkerConfig:
    return loaded(folder, settings, **options).world.primary


def refusal(folder: Path, settings: dict[str, Any] | str, **options: Any) -> str:
    """The message of the error, without the first line that names the file, and without places."""
    with pytest.raises(ConfigError) as caught:
        loaded(folder, settings, **options)
    return "\n".join(unplaced(caught.value.message).split("\n")[1:])


def unplaced(report: str) -> str:
    """Without the file, line and column before each finding."""
    return re.sub(r"(?m)^( *- )\S+:\d+:\d+: ", r"\1", report)
