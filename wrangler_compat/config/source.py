"""A configuration file as read: its data, and on which line each key stands."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from edge.errors import ConfigError
from wrangler_compat.config import jsonc

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

    def line(self, *path: str | int) -> int | None:
        """The line of a key, or of the nearest part of its path that the file names."""
        for length in range(len(path), 0, -1):
            found = self._lines.get(path[:length])
            if found is not None:
                return found
        return None

    @cached_property
    def _lines(self) -> dict[tuple[str | int, ...], int]:
        return _toml_lines(self.text) if self.path.suffix == ".toml" else jsonc.lines(self.text)


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
        raise ConfigError("the configuration has to be an object", file=path, line=1)
    return Source(path, text, data)


def _parse_json(path: Path, text: str) -> Any:
    try:
        return jsonc.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigError(f"{error.msg} (column {error.colno})", file=path, line=error.lineno) from None
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
        message = f"{message[: place.start()]} (column {place[2]})"
        raise ConfigError(message, file=path, line=int(place[1])) from None


def _toml_lines(text: str) -> dict[tuple[str | int, ...], int]:
    found: dict[tuple[str | int, ...], int] = {}
    table: tuple[str | int, ...] = ()
    counts: dict[tuple[str | int, ...], int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if heading := _TOML_TABLE.match(line):
            table = _toml_path(heading[1])
            if line.lstrip().startswith("[["):
                index = counts[table] = counts.get(table, -1) + 1
                found.setdefault(table, number)
                table = (*table, index)
            found[table] = number
        elif key := _TOML_KEY.match(line):
            found[(*table, *_toml_path(key[1]))] = number
    return found


def _toml_path(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))
