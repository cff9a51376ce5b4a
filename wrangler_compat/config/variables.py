"""Variables and secrets in dev: `.dev.vars`, or else the `.env` files.

Source: spec wrangler.md section 4.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_REFERENCE = re.compile(r"(?<!\\)\$(?:\{([^{}]+)\}|([A-Za-z_][A-Za-z0-9_]*))")
_OPERATOR = re.compile(r"(:\+|\+|:-|-)")


@dataclass(frozen=True, slots=True)
class Secrets:
    """Values that override `vars`, always strings, and the files they came from."""

    values: dict[str, str]
    files: tuple[Path, ...] = ()


def load_secrets(
    folder: Path,
    environment: str | None,
    process: Mapping[str, str],
    *,
    env_files: Sequence[Path] = (),
    include_process: bool = False,
) -> Secrets:
    """Read the secrets of `environment`. `process` is the process's own environment; what of it is set goes
    before the `.env` files with `include_process` or CLOUDFLARE_INCLUDE_PROCESS_ENV."""
    if not env_files:
        found = _dev_vars(folder, environment)
        if found is not None:
            return Secrets(_parse(found), (found,))
    if not env_files and not _flag(process, "CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV", True):
        return Secrets({})
    files = tuple(path for path in (env_files or _env_files(folder, environment)) if path.is_file())
    parsed: dict[str, str] = {}
    for path in files:
        parsed.update(_parse(path))
    known = include_process or _flag(process, "CLOUDFLARE_INCLUDE_PROCESS_ENV", False)
    return Secrets(_expanded(parsed, dict(process) if known else {}), files)


def _expanded(parsed: Mapping[str, str], process: Mapping[str, str]) -> dict[str, str]:
    """With `$NAME`, `${NAME}`, `${NAME:-default}` and `${NAME:+other}` replaced by what `process` or an
    earlier line says; `\\$` is a dollar. What `process` sets is not overridden (as dotenv-expand does)."""
    values = dict(process)
    for name, text in parsed.items():
        values.setdefault(name, _expand(text, values))
    return values


def _expand(text: str, values: Mapping[str, str]) -> str:
    def found(match: re.Match[str]) -> str:
        name, *rest = _OPERATOR.split(match[1] or match[2], maxsplit=1)
        operator, other = rest or ("", "")
        value = values.get(name, "")
        return (other if value else "") if operator.endswith("+") else value or other

    return _REFERENCE.sub(found, text).replace("\\$", "$")


def _dev_vars(folder: Path, environment: str | None) -> Path | None:
    """One file: that of the environment replaces the general one."""
    names = [".dev.vars"] if environment is None else [f".dev.vars.{environment}", ".dev.vars"]
    return next((path for name in names if (path := folder / name).is_file()), None)


def _env_files(folder: Path, environment: str | None) -> list[Path]:
    names = [".env", ".env.local"]
    if environment is not None:
        names += [f".env.{environment}", f".env.{environment}.local"]
    return [folder / name for name in names]


def watched(folder: Path, environment: str | None) -> list[Path]:
    """The files whose change, or appearance, means other secrets."""
    names = [".dev.vars"] if environment is None else [f".dev.vars.{environment}", ".dev.vars"]
    return [*(folder / name for name in names), *_env_files(folder, environment)]


def _parse(path: Path) -> dict[str, str]:
    from dotenv import dotenv_values

    parsed = dotenv_values(path, interpolate=False, encoding="utf-8")
    return {key: value or "" for key, value in parsed.items()}


def _flag(process: Mapping[str, str], name: str, default: bool) -> bool:
    value = process.get(name)
    return default if value is None else value.lower() == "true"
