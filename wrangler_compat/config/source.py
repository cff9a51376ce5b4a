"""A configuration file as read: its data, and where in it each key stands."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from edge.errors import ConfigError, UserError
from wrangler_compat.config import jsonc
from wrangler_compat.config.diagnostics import Diagnostics, Place

_Error = TypeVar("_Error", bound=UserError)

_TOML_PLACE = re.compile(r"\s*\(at line (\d+), column (\d+)\)$")
_TOML_TABLE = re.compile(r"^\s*\[\[?\s*([^\]]+?)\s*\]")
_TOML_KEY = re.compile(r"^\s*([A-Za-z0-9_\-.\"']+)\s*=")


@dataclass(frozen=True)
class Source:
    """One file: `.jsonc`, `.json` or `.toml`."""

    path: Path
    text: str
    data: dict[str, Any]

    @property
    def folder(self) -> Path:
        return self.path.parent

    def position(self, *path: str | int) -> tuple[int | None, int | None]:
        """Line and column of a key, or of the nearest part of its path that the file names."""
        for length in range(len(path), 0, -1):
            found = self._positions.get(path[:length])
            if found is not None:
                return found
        return None, None

    def error(self, kind: type[_Error], message: str, *path: str | int) -> _Error:
        """An error of `kind` about the key at `path`."""
        line, column = self.position(*path)
        return kind(message, file=self.path, line=line, column=column)

    def diagnostics(self) -> Diagnostics:
        """An empty list of findings about this file; each will name its line and column."""
        name = relative(self.path)

        def located(place: Place) -> str:
            line, column = self.position(*place)
            return "" if line is None else f"{name}:{line}:{column}: "

        return Diagnostics(f"Processing {name} configuration:", located)

    @cached_property
    def _positions(self) -> dict[Place, tuple[int, int]]:
        return _toml_positions(self.text) if self.path.suffix == ".toml" else jsonc.positions(self.text)


def read(path: Path) -> Source:
    """Read and parse `path`; ConfigError names the line of a syntax error."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError("there is no such configuration file", file=path) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the configuration file cannot be read: {error}", file=path) from None
    data = _parse_toml(path, text) if path.suffix == ".toml" else _parse_json(path, text)
    if not isinstance(data, dict):
        raise ConfigError("the configuration has to be an object", file=path, line=1, column=1)
    return Source(path, text, data)


def _parse_json(path: Path, text: str) -> Any:
    try:
        return jsonc.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigError(error.msg, file=path, line=error.lineno, column=error.colno) from None
    except RecursionError:
        raise ConfigError("the configuration is nested too deeply", file=path) from None


def _parse_toml(path: Path, text: str) -> Any:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        place = _TOML_PLACE.search(message)
        if place is None:
            raise ConfigError(message, file=path) from None
        line, column = int(place[1]), int(place[2])
        raise ConfigError(message[: place.start()], file=path, line=line, column=column) from None


def _toml_positions(text: str) -> dict[Place, tuple[int, int]]:
    found: dict[Place, tuple[int, int]] = {}
    table: Place = ()
    counts: dict[Place, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if heading := _TOML_TABLE.match(line):
            at = (number, heading.start(1) + 1)
            table = _toml_path(heading[1])
            if line.lstrip().startswith("[["):
                index = counts[table] = counts.get(table, -1) + 1
                found.setdefault(table, at)
                table = (*table, index)
            found[table] = at
        elif key := _TOML_KEY.match(line):
            found[(*table, *_toml_path(key[1]))] = (number, key.start(1) + 1)
    return found


def _toml_path(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def relative(path: Path) -> str:
    """How messages call a file: from the current folder where it lies below that."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
