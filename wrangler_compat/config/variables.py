"""Variables and secrets in dev: `.dev.vars`, or else the `.env` files.

Source: spec wrangler.md section 4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


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
) -> Secrets:
    """Read the secrets of `environment`. `process` is the process's own environment."""
    if not env_files:
        found = _dev_vars(folder, environment)
        if found is not None:
            return Secrets(_parse(found, expand=False), (found,))
    if not env_files and not _flag(process, "CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV", True):
        return Secrets({})
    files = tuple(path for path in (env_files or _env_files(folder, environment)) if path.is_file())
    values: dict[str, str] = {}
    for path in files:
        values.update(_parse(path, expand=True))
    if _flag(process, "CLOUDFLARE_INCLUDE_PROCESS_ENV", False):
        values.update(process)
    return Secrets(values, files)


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


def _parse(path: Path, *, expand: bool) -> dict[str, str]:
    from dotenv import dotenv_values

    parsed = dotenv_values(path, interpolate=expand, encoding="utf-8")
    return {key: value or "" for key, value in parsed.items()}


def _flag(process: Mapping[str, str], name: str, default: bool) -> bool:
    value = process.get(name)
    return default if value is None else value.lower() == "true"
