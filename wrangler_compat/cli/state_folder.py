"""`--persist-to`: the folder of local data, looked at before anything is done in it."""

from __future__ import annotations

import stat
from pathlib import Path

import click

from edge.errors import UserError


class StateFolder(click.ParamType):
    """A folder that is there or can be made later. Raises UserError for what can never be one: a file, a path
    through a file, a name that is too long."""

    name = "folder"

    def convert(self, value: str | Path, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        path = Path(value)
        try:
            reason = None if stat.S_ISDIR(path.stat().st_mode) else "Not a directory"
        except FileNotFoundError:
            reason = None
        except OSError as error:
            reason = error.strerror
        if reason is not None:
            raise UserError(f"cannot keep data in {path}: {reason}; choose another folder with --persist-to")
        return path
