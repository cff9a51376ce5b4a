"""A whole project as the rules look at it: configuration, source files, declared packages."""

from __future__ import annotations

import ast
import datetime
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from edge.errors import ConfigError, WorkerLoadError
from wrangler_compat.check.finding import Place
from wrangler_compat.check.module import Module
from wrangler_compat.check.pyodide import Distribution, distribution
from wrangler_compat.config.load import Examined, LoadOptions, examine
from wrangler_compat.modules.profile import Profile


@dataclass
class Project:
    """What was read of one Worker. `today` is what counts as the present (a date is in the future or not)."""

    examined: Examined
    today: datetime.date
    profile: Profile
    modules: list[Module] = field(default_factory=list)

    @property
    def config(self) -> Path:
        return self.examined.source.path

    @property
    def root(self) -> Path:
        return self.examined.worker.root

    @property
    def main(self) -> Module | None:
        return next((module for module in self.modules if module.is_main), None)

    @property
    def pyodide(self) -> Distribution:
        return distribution(self.profile.ffi.version)

    def key(self, key: str, *rest: str | int) -> Place:
        """Where a key of the configuration stands; the whole file when it is not there."""
        return self.in_config(*self.examined.fields.environment.place(key), *rest)

    def in_config(self, *path: str | int) -> Place:
        """Where a path of keys stands in the file, from its top level."""
        line, column = self.examined.source.position(*path)
        return Place(self.config, line or 0, column or 0)

    @cached_property
    def pyproject(self) -> dict[str, Any] | None:
        """`pyproject.toml` beside the configuration, where pywrangler looks for it. Raises ConfigError."""
        path = self.root / "pyproject.toml"
        if not path.is_file():
            return None
        try:
            return tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(str(error), file=path) from None

    def in_pyproject(self, text: str) -> Place:
        """The first line of `pyproject.toml` with `text` in it."""
        path = self.root / "pyproject.toml"
        lines = path.read_text(encoding="utf-8").splitlines()
        return Place(path, next((number for number, line in enumerate(lines, 1) if text in line), 0))

    def has_vendored(self, name: str) -> bool:
        """Whether `python_modules/` has a package or module of this name."""
        folder = self.root / "python_modules"
        return (folder / name).is_dir() or any(folder.glob(f"{name}.*"))


def open_project(config: Path, environment: str | None, today: datetime.date) -> Project:
    """Read a project and every module of it that its main module reaches. Raises ConfigError for files that
    cannot be read, WorkerLoadError for source that cannot be parsed."""
    examined = examine(config, LoadOptions(environment=environment, allow_unsupported=True))
    profile = Profile.of(examined.worker)
    project = Project(examined, today, profile)
    main = examined.worker.main
    if main is not None and main.is_file() and main.suffix == ".py":
        project.modules = list(_reached(main, profile))
    return project


def parse(path: Path, profile: Profile, *, is_main: bool = False) -> Module:
    """One module. Raises WorkerLoadError."""
    try:
        return Module(path, path.read_bytes(), profile, is_main=is_main)
    except SyntaxError as error:
        raise WorkerLoadError(f"SyntaxError: {error.msg}", file=path, line=error.lineno) from None


def _reached(main: Path, profile: Profile) -> Iterator[Module]:
    """The main module and those it imports, directly or not: others never run on Cloudflare."""
    seen = {main}
    waiting = [main]
    while waiting:
        module = parse(waiting.pop(0), profile, is_main=len(seen) == 1)
        yield module
        for path in _imported(module, main.parent):
            if path not in seen:
                seen.add(path)
                waiting.append(path)


def _imported(module: Module, root: Path) -> Iterator[Path]:
    for node in module.nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from own_files(root, alias.name.split("."))
        elif isinstance(node, ast.ImportFrom):
            base = module.path.parents[node.level - 1] if node.level else root
            parts = node.module.split(".") if node.module else []
            yield from own_files(base, parts)
            for alias in node.names:
                yield from own_files(base, [*parts, alias.name])


def own_files(base: Path, parts: list[str]) -> Iterator[Path]:
    """The files that an import of `a.b` executes: those of `a` and of `a.b`, as far as they are there."""
    for length in range(1, len(parts) + 1):
        path = base.joinpath(*parts[:length])
        for file in (path.with_name(f"{path.name}.py"), path / "__init__.py"):
            if file.is_file():
                yield file
