"""Where a new project goes, and what it is called."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from edge.errors import UserError
from wrangler_compat.config.search import find_config
from wrangler_compat.init.catalogue import project_files

CONFIG = "wrangler.jsonc"
_NAME_LENGTH_MAX = 63
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")


def worker_name(folder: Path) -> str:
    """The name of a Worker after its folder: lower-case letters, digits and dashes, at most 63 of them.
    Raises UserError when nothing is left. Source: spec wrangler.md section 2."""
    letters = "".join(filter(str.isascii, unicodedata.normalize("NFKD", folder.resolve().name))).lower()
    name = _NOT_IN_NAMES.sub("-", letters).strip("-")[:_NAME_LENGTH_MAX].rstrip("-")
    if not name:
        raise UserError(
            f'no Worker can be called after the folder "{folder}": it has no letter a-z and no digit'
        )
    return name


def make_project(folder: Path, template: str) -> list[str]:
    """Write a project into `folder`, which must be empty or not there yet; gives the paths of its files.
    Raises UserError, and then nothing was written."""
    _refuse_occupied(folder)
    files = project_files(template, worker_name(folder))
    try:
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f'the project cannot be written to "{folder}": {error.strerror}') from None
    return list(files)


def shadowing_config(folder: Path) -> Path | None:
    """A configuration that wrangler takes instead of the project's: a `wrangler.json` in any folder above
    comes before a `wrangler.jsonc` (spec wrangler.md section 1)."""
    found = find_config(folder)
    return None if found == (folder / CONFIG).resolve() else found


def _refuse_occupied(folder: Path) -> None:
    try:
        entries = [] if not folder.exists() else sorted(path.name for path in folder.iterdir())
    except NotADirectoryError:
        raise UserError(f'"{folder}" is a file') from None
    occupied = [name for name in entries if name != ".git"]
    if occupied:
        raise UserError(f'the folder "{folder}" is not empty: it holds {", ".join(occupied[:3])}')
