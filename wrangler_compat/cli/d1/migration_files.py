"""Migrations as files: their names, their order, the next one's number.

Source: wrangler 4.164, `d1 migrations`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import PurePosixPath

from edge.errors import UserError
from wrangler_compat.cli.d1.target import Database

_NUMBER = re.compile(r"\s*([+-]?\d+)[^_/]*")


def migration_names(database: Database) -> list[str]:
    """The migrations of a database in the order in which they are applied: paths below its folder. Raises
    UserError when there is no folder, or the pattern cannot be."""
    pattern, folder = _pattern_below(database), database.folder
    if not folder.is_dir():
        hint = "" if database.migrations_dir else f" {_hint(database)}"
        raise UserError(f"No migrations present at {folder}.{hint}")
    found = [path.relative_to(folder).as_posix() for path in folder.glob(pattern) if path.is_file()]
    return sorted(found, key=_order)


def next_name(names: Iterable[str], message: str) -> str:
    """The name of a new migration: the highest number there is, plus one. Raises UserError."""
    if "/" in message or "\\" in message:
        raise UserError(
            f'The migration name "{message}" contains a path separator ("/" or "\\"). '
            "Please remove this and try again."
        )
    number = max([0, *(found for name in names if (found := _number(name)) is not None)]) + 1
    return f"{number:04}_{message.replace(' ', '_')}.sql"


def first_line(name: str, now_s: float) -> str:
    """What a new migration begins with."""
    time = datetime.fromtimestamp(now_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return f"-- Migration number: {name.partition('_')[0]} \t {time}\n"


def check_fits(database: Database, name: str) -> None:
    """Raise UserError when the pattern of the configuration would pass over a new migration."""
    if not PurePosixPath(name).match(_pattern_below(database)):
        raise UserError(
            f'"migrations_pattern": "{database.migrations_pattern}" does not take a file {name} in '
            f'"{database.migrations_dir}": make the migration with the tool that the pattern is for'
        )


def _hint(database: Database) -> str:
    return f"Set `migrations_dir` in your {database.project.config_name} file to choose a different path."


def _pattern_below(database: Database) -> str:
    pattern, folder = database.migrations_pattern, database.migrations_dir
    if pattern is None:
        return "*.sql"
    start = "" if folder is None else f"{PurePosixPath(folder).as_posix()}/".removeprefix("./")
    below = PurePosixPath(pattern).as_posix()
    if folder is None or not below.startswith(start):
        raise UserError(
            f'The configured `migrations_pattern: "{pattern}"` in your {database.project.config_name} '
            f"file must start with `${{migrations_dir}}/`, and `migrations_dir` must be set."
        )
    below = below.removeprefix(start)
    if PurePosixPath(below).is_absolute():
        raise UserError(f'`migrations_pattern: "{pattern}"` has to lie below the project')
    return below


def _order(name: str) -> list[tuple[float, str]]:
    numbers = ((segment, _number(segment)) for segment in name.split("/"))
    return [(float("inf") if number is None else number, segment) for segment, number in numbers]


def _number(name: str) -> int | None:
    found = _NUMBER.match(name)
    return None if found is None else int(found[1])
