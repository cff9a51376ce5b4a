"""Uploads as a client sends them."""

from __future__ import annotations

import json
from typing import Any

Files = list[tuple[str, tuple[str | None, bytes, str]]]

PYTHON = "text/x-python"


def upload_of(modules: dict[str, str] | None = None, **metadata: Any) -> Files:
    """The parts of a multipart upload: a Python Worker of one line unless `modules` are given."""
    modules = {"entry.py": "pass\n"} if modules is None else modules
    given = {"main_module": next(iter(modules), None), "compatibility_date": "2026-06-01", **metadata}
    parts: Files = [("metadata", (None, json.dumps(given).encode(), "application/json"))]
    return parts + [(name, (name, text.encode(), PYTHON)) for name, text in modules.items()]
