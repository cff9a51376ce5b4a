"""Which database a command means, and where its migrations are.

Source: wrangler 4.164, `d1 execute` and `d1 migrations`; spec wrangler.md section 3.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.errors import ConfigError, UserError
from wrangler_compat.cli.project import Project

_TEXTS = (
    *("database_name", "database_id", "preview_database_id"),
    *("migrations_dir", "migrations_table", "migrations_pattern"),
)


@dataclass(frozen=True, slots=True)
class Database:
    """A database as it was asked for (`called`) and as the configuration has it."""

    called: str
    binding: str
    name: str | None
    id: str | None
    preview_id: str | None
    project: Project
    migrations_dir: str | None = None
    migrations_table: str = "d1_migrations"
    migrations_pattern: str | None = None

    @property
    def local_id(self) -> str:
        """What names the data on this machine."""
        return self.preview_id or self.id or self.binding

    @property
    def folder(self) -> Path:
        """Where the migrations are, or would be."""
        return (self.project.folder / (self.migrations_dir or "migrations")).resolve()


def find_database(project: Project, called: str) -> Database:
    """The database of the binding or the name `called`. Raises UserError."""
    if project.config is None:
        raise UserError(
            "No configuration file found. Create a wrangler.jsonc file to define your D1 database."
        )
    found = configured(project, called)
    if found is not None:
        return found
    known = ", ".join(f"'{name}'" for entry in project.entries("d1_databases") for name in _names(entry))
    raise UserError(
        f"Couldn't find a D1 DB with the name or binding '{called}' in your {project.config_name} file."
        + (f" It has: {known}." if known else "")
    )


def configured(project: Project, called: str) -> Database | None:
    """The same, None when the configuration has none of that name or binding. Raises ConfigError."""
    entries = project.entries("d1_databases")
    entry = next((entry for entry in entries if called in _names(entry)), None)
    if entry is None:
        return None
    texts = {key: _text(entry, key, project) for key in _TEXTS}
    return Database(
        called,
        str(entry.get("binding")),
        texts["database_name"],
        texts["database_id"],
        texts["preview_database_id"],
        project,
        texts["migrations_dir"],
        texts["migrations_table"] or "d1_migrations",
        texts["migrations_pattern"],
    )


def _names(entry: dict[str, Any]) -> list[str]:
    return [name for key in ("binding", "database_name") if isinstance(name := entry.get(key), str)]


def _text(entry: dict[str, Any], key: str, project: Project) -> str | None:
    value = entry.get(key)
    if value is None or isinstance(value, str):
        return value
    assert project.config is not None
    raise ConfigError(f'"{key}" of a D1 database has to be a text', file=project.config.source.path)
