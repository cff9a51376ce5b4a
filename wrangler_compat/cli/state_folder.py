"""`--persist-to`: the folder of local data, looked at before anything is done in it."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from edge.errors import UserError


def persist_to(help: str, **more: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The flag. Raises UserError for what can never be a folder: a file, a path through a file, a name that
    is too long. One that is not there yet is made by who writes."""
    kind = click.Path(path_type=Path)
    return click.option("--persist-to", type=kind, metavar="DIR", callback=_checked, help=help, **more)


def _checked(_context: click.Context, _parameter: click.Parameter, path: Path | None) -> Path | None:
    if path is None:
        return None
    try:
        reason = None if stat.S_ISDIR(path.stat().st_mode) else "Not a directory"
    except FileNotFoundError:
        reason = None
    except OSError as error:
        reason = error.strerror
    if reason is not None:
        raise UserError(f"cannot keep data in {path}: {reason}; choose another folder with --persist-to")
    return path
