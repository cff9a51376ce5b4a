"""The project that a command is about: its configuration, if it has one, and where its data lies."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.errors import ConfigError
from wrangler_compat.cli.saying import warn
from wrangler_compat.config.diagnostics import Diagnostics
from wrangler_compat.config.environment import select
from wrangler_compat.config.fields import Fields
from wrangler_compat.config.search import find_own_config
from wrangler_compat.config.source import Source, read


@dataclass(frozen=True, slots=True)
class Configuration:
    """A configuration file in one of its environments."""

    source: Source
    fields: Fields
    diagnostics: Diagnostics

    @classmethod
    def read(cls, path: Path, environment: str | None) -> Configuration:
        """Raises ConfigError."""
        source = read(path)
        diagnostics = source.diagnostics()
        found = cls(source, Fields(select(source.data, environment, diagnostics)), diagnostics)
        found.check()
        return found

    def check(self) -> None:
        """Raise ConfigError when something that was read is wrong."""
        first = self.diagnostics.first_error()
        if first is not None:
            raise self.source.error(ConfigError, self.diagnostics.render_errors(), *first.place)


@dataclass(frozen=True, slots=True)
class Project:
    """A folder, with a configuration or without: commands on data work without one, too."""

    folder: Path
    config: Configuration | None = None
    #: The environment that was asked for.
    environment: str | None = None

    @classmethod
    def find(cls, config: str | None, environment: str | None) -> Project:
        """The project of the current folder, or of the file `config`. What is doubtful in it is printed.
        Raises ConfigError."""
        path = find_own_config(Path.cwd()) if config is None else Path(config).resolve()
        if path is None:
            return cls(Path.cwd())
        environment = environment or os.environ.get("CLOUDFLARE_ENV") or None
        found = Configuration.read(path, environment)
        if found.diagnostics.has_warnings:
            warn(found.diagnostics.render_warnings())
        return cls(path.parent, found, environment)

    @property
    def config_name(self) -> str:
        """What the configuration is called in messages."""
        return "wrangler configuration" if self.config is None else self.config.source.path.name

    def entries(self, key: str) -> list[dict[str, Any]]:
        """The objects of the section `key`, none without a configuration. Raises ConfigError when it is
        something else."""
        if self.config is None:
            return []
        found = [entry for _, entry in self.config.fields.entries(key)]
        self.config.check()
        return found

    def text(self, key: str) -> str | None:
        """The text of a key, None without it. Raises ConfigError when it is something else."""
        if self.config is None:
            return None
        found = self.config.fields.string(key)
        self.config.check()
        return found

    def state_dir(self, persist_to: Path | None) -> Path:
        """Where local data lies (spec wrangler.md section 5); products add `v3`."""
        return self.folder / ".wrangler" / "state" if persist_to is None else persist_to.resolve()
