"""The files of an image: what COPY, ADD and WORKDIR put over the host's userland, as a directory.

Everything is written through `paths.open_inside`, so that a link that was copied never leads out of the tree.
"""

from __future__ import annotations

import glob
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from pathspec import GitIgnoreSpec

from edge.errors import UserError
from sandbox.engines.process.paths import open_inside


class ImageTree:
    """A directory that becomes a layer."""

    def __init__(self, root: Path, skeleton: Path) -> None:
        """`skeleton`: the layer below, whose links and modes hold here too."""
        self.root = root
        self._skeleton = skeleton

    def directory(self, path: str) -> Path:
        """The directory at an absolute path inside, made when it is missing: where it lies on the host."""
        fd = os.open(self.root, os.O_PATH | os.O_DIRECTORY)
        try:
            made = "/"
            for name in [part for part in path.split("/") if part not in ("", ".")]:
                wanted = os.path.normpath(f"{made}/{name}")
                made = self._below_links(wanted)
                if made != wanted:
                    self.directory(made)
                self._ensure(fd, made)
            return self._host_path(fd, made)
        finally:
            os.close(fd)

    def _below_links(self, path: str) -> str:
        # A directory `bin` here would hide the link `bin` of the layer below.
        link = self._skeleton / path.lstrip("/")
        return os.path.normpath("/" + os.readlink(link)) if path != "/" and link.is_symlink() else path

    def _ensure(self, fd: int, path: str) -> None:
        try:
            os.close(open_inside(fd, path, os.O_PATH | os.O_DIRECTORY))
        except FileNotFoundError:
            parent, _, name = path.rpartition("/")
            made = self._host_path(fd, parent or "/") / name
            made.mkdir(mode=0o755)
            if (below := self._skeleton / path.lstrip("/")).is_dir():
                shutil.copymode(below, made)

    def _host_path(self, fd: int, path: str) -> Path:
        inside = open_inside(fd, path, os.O_PATH | os.O_DIRECTORY)
        try:
            return Path(os.readlink(f"/proc/self/fd/{inside}"))
        finally:
            os.close(inside)

    def write(self, path: str, content: str, mode: int | None) -> None:
        """A file with `content`."""
        folder, name = self._target(path)
        (folder / name).unlink(missing_ok=True)
        (folder / name).write_text(content)
        (folder / name).chmod(mode or 0o644)

    def copy(
        self, sources: Iterable[Path], path: str, into: bool, ignored: Ignored, mode: int | None
    ) -> None:
        """Copy files and what directories hold to `path`; `into`: it is a directory whatever is copied."""
        for source in sources:
            if source.is_dir():
                self._copy_directory(source, path, ignored, mode)
            elif into:
                self._copy_file(source, f"{path}/{source.name}", mode)
            else:
                self._copy_file(source, path, mode)

    def _copy_directory(self, source: Path, path: str, ignored: Ignored, mode: int | None) -> None:
        target = self.directory(path)
        for entry in sorted(source.iterdir()):
            if ignored.leaves_out(entry):
                continue
            inside = f"{path.rstrip('/')}/{entry.name}"
            if entry.is_symlink():
                (target / entry.name).unlink(missing_ok=True)
                (target / entry.name).symlink_to(os.readlink(entry))
            elif entry.is_dir():
                self._copy_directory(entry, inside, ignored, mode)
            else:
                self._copy_file(entry, inside, mode)

    def _copy_file(self, source: Path, path: str, mode: int | None) -> None:
        folder, name = self._target(path)
        (folder / name).unlink(missing_ok=True)
        shutil.copy2(source, folder / name)
        if mode is not None:
            (folder / name).chmod(mode)

    def _target(self, path: str) -> tuple[Path, str]:
        parent, _, name = path.rstrip("/").rpartition("/")
        return self.directory(parent or "/"), name


class Ignored:
    """What .dockerignore leaves out of the build context."""

    def __init__(self, context: Path) -> None:
        self._context = context
        file = context / ".dockerignore"
        # Unlike in a .gitignore, every pattern starts at the root of the context.
        patterns = [_rooted(line) for line in file.read_text().splitlines()] if file.exists() else []
        self._spec = GitIgnoreSpec.from_lines(patterns)

    def leaves_out(self, path: Path) -> bool:
        if not path.is_relative_to(self._context):
            return False  # of another stage
        name = path.relative_to(self._context).as_posix()
        return self._spec.match_file(name + "/" if path.is_dir() else name)


def _rooted(line: str) -> str:
    line = line.strip()
    if not line or line.startswith("#"):
        return ""
    negated = "!" if line.startswith("!") else ""
    return f"{negated}/{line.removeprefix('!').lstrip('/').removeprefix('./')}"


def find_sources(context: Path, pattern: str, ignored: Ignored) -> list[Path]:
    """The files of the build context that `pattern` means. Raises UserError when there are none."""
    relative = os.path.normpath("/" + pattern).lstrip("/") or "."
    if os.path.normpath(pattern).startswith(".."):
        raise UserError(f"forbidden path outside the build context: {pattern}")
    found = sorted(glob.glob(relative, root_dir=context)) if glob.has_magic(relative) else [relative]
    paths = [context / name for name in found]
    paths = [path for path in paths if path.exists() and not (path != context and ignored.leaves_out(path))]
    for path in paths:
        if not path.resolve().is_relative_to(context.resolve()):
            raise UserError(f"forbidden path outside the build context: {pattern}")
    if not paths:
        raise UserError(f"{pattern}: not found in the build context {context}")
    return paths


def layer_path(path: str, cwd: str) -> str:
    """An absolute path inside, from one that may be relative to `cwd`."""
    return os.path.normpath(os.path.join(cwd, path))
