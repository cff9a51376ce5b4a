"""The `assets` section.

Sources: spec runtime.md section 9, wrangler.md section 2.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edge.config import AssetsConfig
from wrangler_compat.config.diagnostics import MISSING, shown
from wrangler_compat.config.fields import Fields
from wrangler_compat.config.schema import FIELDS, HTML_HANDLING, NOT_FOUND_HANDLING


def assets_config(fields: Fields, folder: Path) -> AssetsConfig | None:
    """The static files of the Worker, or None."""
    if fields.raw("assets") is MISSING:
        return None
    section = fields.table("assets")
    fields.warn_unexpected(section, FIELDS["assets"], "assets")
    directory = _directory(fields, section, folder)
    binding = section.get("binding")
    if binding is not None and not isinstance(binding, str):
        fields.error(
            f'Expected "assets.binding" to be of type string but got {shown(binding)}.', "assets", "binding"
        )
        binding = None
    if directory is None:
        return None
    html = section.get("html_handling", MISSING)
    not_found = section.get("not_found_handling", MISSING)
    return AssetsConfig(
        directory=directory,
        binding=binding,
        html_handling=fields.one_of(html, HTML_HANDLING, "assets.html_handling", "auto-trailing-slash"),
        not_found_handling=fields.one_of(not_found, NOT_FOUND_HANDLING, "assets.not_found_handling", "none"),
        run_worker_first=_worker_first(fields, section.get("run_worker_first", False)),
    )


def _directory(fields: Fields, section: dict[str, Any], folder: Path) -> Path | None:
    name = section.get("directory", MISSING)
    if name is MISSING:
        fields.error('"assets.directory" is a required field.', "assets")
        return None
    if not isinstance(name, str) or not name:
        fields.error(
            f'Expected "assets.directory" to be of type string but got {shown(name)}.', "assets", "directory"
        )
        return None
    directory = (folder / name).resolve()
    if not directory.is_dir():
        fields.error(
            'The directory specified by the "assets.directory" field in your configuration file does not '
            f"exist:\n{directory}",
            "assets",
            "directory",
        )
        return None
    return directory


def _worker_first(fields: Fields, value: Any) -> bool | tuple[str, ...]:
    if isinstance(value, bool):
        return value
    if isinstance(value, list) and all(isinstance(pattern, str) for pattern in value):
        return tuple(value)
    fields.error(
        'The field "assets.run_worker_first" should be an array of strings or a boolean, but got '
        f"{shown(value)}.",
        "assets",
        "run_worker_first",
    )
    return False
