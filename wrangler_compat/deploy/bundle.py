"""The modules of an upload: the Worker's own files, its vendored packages, the Sandbox SDK it uses.

Sources: wrangler's deployment-bundle/find-additional-modules.ts; spec python-workers.md section 9.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.errors import UserError
from wrangler_compat.deploy.rules import MIME_TYPES, Rule, is_excluded, rules_in_force
from wrangler_compat.deploy.sandbox_sdk import sandbox_files

VENDORED = "python_modules"
_SKIPPED_FOLDERS = (".wrangler",)


@dataclass(frozen=True, slots=True)
class Module:
    """One part of the upload. `name` has slashes and is relative to the folder of the main module."""

    name: str
    kind: str
    content: bytes
    file: Path

    @property
    def mime_type(self) -> str:
        return MIME_TYPES[self.kind]

    @property
    def is_vendored(self) -> bool:
        return self.name.startswith(f"{VENDORED}/")


@dataclass(frozen=True, slots=True)
class Bundle:
    """All modules, the main one first."""

    modules: tuple[Module, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def main(self) -> Module | None:
        return self.modules[0] if self.modules else None

    @property
    def size_bytes(self) -> int:
        return sum(len(module.content) for module in self.modules)

    @property
    def gzip_bytes(self) -> int:
        """What counts against the limit of the plan (3 MB free, 10 MB paid)."""
        return len(gzip.compress(b"".join(module.content for module in self.modules), mtime=0))


def bundle(
    main: Path,
    project: Path,
    *,
    config: Path,
    base: Path | None = None,
    rules: Sequence[Rule] = (),
    excludes: Sequence[str] = ("**/*.pyc",),
) -> Bundle:
    """The modules of the Worker whose entry is `main`. `project` is the folder of `config`; `base` the
    root of module names, else the folder of `main`; `excludes` are globs within python_modules.
    Raises UserError for a vendor folder in the wrong place."""
    root = base or main.parent
    if root != project and (root / VENDORED).is_dir():
        raise UserError(
            f"The '{VENDORED}' directory cannot exist in your module root. Delete it to continue.", file=root
        )
    in_force, warnings = rules_in_force(rules, python=main.suffix == ".py")
    first = Module(main.name, "PythonModule", main.read_bytes(), main)
    files = [first, *_own(root, main, config, in_force), *_vendored(project / VENDORED, excludes)]
    found = {module.name: module for module in files}
    for name, file in sandbox_files({name: module.content for name, module in found.items()}, VENDORED):
        found[f"{VENDORED}/{name}"] = vendored_module(name, file)
    return Bundle(tuple(found.values()), (*warnings, *_venvs(found.values())))


def vendored_module(name: str, file: Path) -> Module:
    """A file of a vendored package; `name` is relative to the vendor folder."""
    # The SDK's own scripts are imported by the runtime, all else is read by Python.
    script = name.startswith("workers/") and file.suffix in (".js", ".mjs")
    return Module(f"{VENDORED}/{name}", "ESModule" if script else "Data", file.read_bytes(), file)


def _own(root: Path, main: Path, config: Path, rules: Sequence[Rule]) -> Iterator[Module]:
    for file in _files(root):
        name = file.relative_to(root).as_posix()
        rule = next((rule for rule in rules if rule.matches(name)), None)
        if rule is not None and file not in (main, config):
            yield Module(name, rule.kind, file.read_bytes(), file)


def _vendored(folder: Path, excludes: Sequence[str]) -> Iterator[Module]:
    for file in _files(folder) if folder.is_dir() else ():
        name = file.relative_to(folder).as_posix()
        if not is_excluded(name, excludes):
            yield vendored_module(name, file)


def _venvs(modules: Iterable[Module]) -> Iterator[str]:
    """A virtual environment beside the main module is taken for the Worker's own code."""
    found = {module.name.partition("/")[0] for module in modules if "/site-packages/" in module.name}
    for name in sorted(found - {VENDORED}):
        yield (
            f'The folder "{name}" looks like a virtual environment, and all its modules are uploaded. '
            "Move the Worker's own modules to a folder of their own, such as src/."
        )


def _files(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED_FOLDERS)
        yield from (Path(folder, name) for name in sorted(names))
