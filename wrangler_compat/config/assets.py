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
    """The static files of the Worker, or None. Paths are relative to `folder`."""
    section = fields.raw("assets")
    if section is MISSING:
        return None
    if not isinstance(section, dict):
        kind = "string" if isinstance(section, str) else type(section).__name__
        fields.error(f'"assets" should be an object, but got value "assets" of type {kind}', "assets")
        return None
    texts = {name: _text(fields, section, name) for name in ("directory", "binding", "base_path")}
    html = section.get("html_handling", MISSING)
    not_found = section.get("not_found_handling", MISSING)
    html = fields.one_of(html, HTML_HANDLING, "assets.html_handling", "auto-trailing-slash")
    not_found = fields.one_of(not_found, NOT_FOUND_HANDLING, "assets.not_found_handling", "none")
    worker_first = _worker_first(fields, section.get("run_worker_first", False))
    fields.warn_unexpected(section, FIELDS["assets"], "assets")
    name = texts["directory"]
    if not name:
        return None
    return AssetsConfig((folder / name).resolve(), texts["binding"], html, not_found, worker_first)


def check_assets(fields: Fields, assets: AssetsConfig | None) -> None:
    """The folder with the static files is there."""
    section = fields.raw("assets")
    if assets is None:
        if isinstance(section, dict) and not section.get("directory"):
            fields.misfit('"assets.directory" is a required field.', "assets")
    elif not assets.directory.is_dir():
        fields.misfit(
            'The directory specified by the "assets.directory" field in your configuration file does not '
            f"exist:\n{assets.directory}",
            *("assets", "directory"),
        )


def _text(fields: Fields, section: dict[str, Any], name: str) -> str | None:
    value = section.get(name, MISSING)
    fits = fields.expect(value, "string", f"assets.{name}", ("assets", name))
    return value if fits and value is not MISSING else None


def _worker_first(fields: Fields, value: Any) -> bool | tuple[str, ...]:
    if isinstance(value, bool):
        return value
    place = ("assets", "run_worker_first")
    if not isinstance(value, list):
        fields.error(
            'The field "assets.run_worker_first" should be an array of strings or a boolean, but got '
            f"{shown(value)}.",
            *place,
        )
        return False
    return tuple(value) if fields.expect_array(value, "string", "assets.run_worker_first", place) else False
