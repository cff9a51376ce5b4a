"""Which configuration file is meant.

Source: spec wrangler.md section 1.
"""

from __future__ import annotations

from pathlib import Path

from edge.errors import ConfigError
from wrangler_compat.config.source import read

#: In this order, each up to the root: a `wrangler.json` in a parent folder beats a `wrangler.jsonc` here.
NAMES = ("wrangler.json", "wrangler.jsonc", "wrangler.toml")
_REDIRECT = Path(".wrangler/deploy/config.json")


def find_config(start: Path) -> Path:
    """The file wrangler would use when run in `start`. ConfigError when there is none."""
    if not start.exists():
        raise ConfigError(f'the folder "{start}" does not exist')
    if start.is_file():
        return start.resolve()
    folder = start.resolve()
    found = find_own_config(folder)
    redirect = _upwards(folder, _REDIRECT)
    if redirect is not None:
        return _redirected(redirect)
    if found is None:
        raise ConfigError(
            f'no wrangler.json, wrangler.jsonc or wrangler.toml in "{folder}" or a folder above it; '
            "`edge init` makes a project"
        )
    return found


def find_own_config(folder: Path) -> Path | None:
    """The file that the user wrote, whatever a build tool made of it; commands on data go by it. None when
    there is none."""
    return next(filter(None, (_upwards(folder.resolve(), Path(name)) for name in NAMES)), None)


def _upwards(folder: Path, name: Path) -> Path | None:
    return next((path for at in (folder, *folder.parents) if (path := at / name).is_file()), None)


def _redirected(redirect: Path) -> Path:
    """Where a build tool says the configuration is: `{"configPath": …}`, relative to the redirect."""
    target = read(redirect).data.get("configPath")
    if not isinstance(target, str):
        raise ConfigError(f"Failed to parse the deploy configuration file at {redirect}", file=redirect)
    path = (redirect.parent / target).resolve()
    if not path.is_file():
        raise ConfigError(
            f'There is a deploy configuration at "{redirect}".\n'
            f'But the redirected configuration path it points to, "{path}", does not exist.',
            file=redirect,
        )
    return path
