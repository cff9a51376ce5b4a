"""What an `npm install` or `pip install` asks for, if it is one whose outcome others may share."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_NPM_INSTALL = frozenset({"install", "i", "add"})
_NPM_GLOBAL = frozenset({"-g", "--global", "--location=global"})
_NPM_FLAGS = frozenset(
    {
        *("--no-audit", "--no-fund", "--silent", "-s", "--quiet", "-q", "--no-progress", "-gs"),
        *("--prefer-offline", "--loglevel=error", "--no-update-notifier"),
    }
)
_PIP_FLAGS = frozenset(
    {"-q", "--quiet", "-qq", "--no-cache-dir", "--disable-pip-version-check", "--no-input"}
)
_NPM_SPEC = re.compile(r"(@[a-z0-9~-][a-z0-9._~-]*/)?[a-z0-9~-][a-z0-9._~-]*(@[\w.^~<>=*+-]+)?")
_PIP_SPEC = re.compile(r"[A-Za-z0-9][\w.-]*(\[[\w,.-]+\])?((===?|~=|!=|<=?|>=?)[\w.*+!-]+,?)*")
_ARCHIVES = (".tgz", ".tar", ".gz", ".bz2", ".xz", ".zip", ".whl")
_PINNED = {"npm": re.compile(r".+@\d+\.\d+\.\d+[\w.+-]*"), "pip": re.compile(r"[^=<>~!]+==[\w.+!-]+")}
#: Variables that say what is installed, from where, or to where.
_TELLING = re.compile(r"(npm_config_|pip_|python|node_|virtual_env|npm_token|home$)", re.IGNORECASE)
#: Settings of the programs, as a sandbox may have changed them.
SETTINGS = ("/etc/pip.conf", "/root/.npmrc", "/root/.pip/pip.conf", "/root/.config/pip/pip.conf")


@dataclass(frozen=True)
class Wanted:
    """An installation by `tool` (npm or pip), which is the program `path`."""

    tool: str
    path: str
    flags: tuple[str, ...]
    specs: tuple[str, ...]

    @property
    def argv(self) -> tuple[str, ...]:
        return (self.path, "install", *(("-g",) if self.tool == "npm" else ()), *self.flags, *self.specs)

    @property
    def is_pinned(self) -> bool:
        """Whether it names versions, so that it means the same tomorrow."""
        return all(_PINNED[self.tool].fullmatch(spec) for spec in self.specs)


def wanted(tool: str, path: str, arguments: Sequence[str]) -> Wanted | None:
    """What a command line asks for; None for all but a plain installation of packages by their names."""
    if not arguments or not path.startswith("/"):
        return None
    command, *rest = arguments
    flags = sorted(word for word in rest if word.startswith("-") and word != "--")
    specs = sorted(word for word in rest if not word.startswith("-"))
    if tool == "npm":
        is_global = bool(_NPM_GLOBAL & {*flags}) or "-gs" in flags
        known = command in _NPM_INSTALL and is_global and {*flags} <= _NPM_FLAGS | _NPM_GLOBAL
        flags = [flag.replace("-gs", "-s") for flag in flags if flag not in _NPM_GLOBAL]
        spec_form = _NPM_SPEC
    else:
        known = command == "install" and {*flags} <= _PIP_FLAGS
        spec_form = _PIP_SPEC
    plain = all(spec_form.fullmatch(spec) and not spec.endswith(_ARCHIVES) for spec in specs)
    return Wanted(tool, path, tuple(flags), tuple(specs)) if known and specs and plain else None


def telling(env: Mapping[str, str]) -> dict[str, str]:
    """The variables that have a say in an installation."""
    return {name: value for name, value in env.items() if _TELLING.match(name)}
