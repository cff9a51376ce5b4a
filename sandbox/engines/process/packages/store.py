"""What installations wrote, kept read-only under a hash of its content, and who asked for it.

Below the store's folder, `shown/` is what sandboxes see: `trees/HASH/…` with the files at the paths they were
installed to, and `bin/` with what stands before npm and pip. `index/` is the host's own.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from sandbox.engines.process.packages.changes import Change, NotShareable

#: Where sandboxes see it.
SHOWN = "/var/cache/packages"
TREE_BYTES_MAX = 1024**3
_FORMAT = "1"


@dataclass(frozen=True)
class Kept:
    """An installation that can be repeated by links."""

    tree: str
    #: Files and packages, each with the hash of its content.
    units: dict[str, str]
    symlinks: dict[str, str]
    output: str
    kept_at_s: float


class Store:
    """Trees and the index of what led to them."""

    def __init__(self, folder: Path) -> None:
        self.shown = folder / "shown"
        self._trees = self.shown / "trees"
        self._index = folder / "index"

    def open(self, shims: dict[str, str]) -> None:
        """Make the folders; `shims`: the programs in `bin/`, by name. Raises OSError."""
        for folder in (self._trees, self.shown / "bin", self._index):
            folder.mkdir(parents=True, exist_ok=True)
        self.shown.parent.chmod(0o700)
        self.shown.chmod(0o755)
        self._trees.chmod(0o711)  # a sandbox finds what it was told of, and cannot list what others have
        for name, text in shims.items():
            program = self.shown / "bin" / name
            program.write_text(text)
            program.chmod(0o755)

    def find(self, key: str) -> Kept | None:
        """What an installation led to."""
        file = self._index / f"{key}.json"
        if not file.is_file():
            return None
        kept = Kept(**json.loads(file.read_text()))
        return kept if (self._trees / kept.tree).is_dir() else None

    def units_of(self, tree: str) -> dict[str, str]:
        """The content hashes of a tree; empty when there is no such tree."""
        file = self._index / "trees" / f"{tree}.json"
        units: dict[str, str] = json.loads(file.read_text()) if tree.isalnum() and file.is_file() else {}
        return units

    def keep(self, key: str, found: Sequence[Change], output: str, now_s: float) -> Kept:
        """Keep what an installation wrote. Raises NotShareable, OSError."""
        draft = Path(tempfile.mkdtemp(dir=self._index.parent, prefix="draft-"))
        try:
            copy = _Copy(draft)
            for change in found:
                copy.take(change)
            lines = [_FORMAT, *(f"{path} {digest}" for path, digest in copy.units.items())]
            tree = hashlib.sha256("\n".join(lines).encode(errors="surrogateescape")).hexdigest()[:40]
            draft.chmod(0o755)
            if not (self._trees / tree).is_dir():
                draft.rename(self._trees / tree)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        kept = Kept(tree, copy.units, copy.symlinks, output, now_s)
        _write(self._index / "trees" / f"{tree}.json", kept.units)
        _write(self._index / f"{key}.json", asdict(kept))
        return kept


class _Copy:
    """The files of an installation in a tree of their own: root's, and nobody's to write."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.units: dict[str, str] = {}
        self.symlinks: dict[str, str] = {}
        self._left_bytes = TREE_BYTES_MAX

    def take(self, change: Change) -> None:
        if change.source.is_symlink():
            self.symlinks[change.path] = os.readlink(change.source)
            return
        target = self._root / change.path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        if change.source.is_dir():
            self._directory(change.source, target, digest, "")
        else:
            digest.update(self._file(change.source, target))
        self.units[change.path] = digest.hexdigest()

    def _directory(self, source: Path, target: Path, digest: hashlib._Hash, relative: str) -> None:
        target.mkdir()
        for entry in sorted(source.iterdir()):
            name, new = f"{relative}/{entry.name}", target / entry.name
            content = b""
            if entry.is_symlink():
                new.symlink_to(os.readlink(entry))
                content = os.fsencode(os.readlink(entry))
            elif entry.is_dir():
                self._directory(entry, new, digest, name)
            else:
                content = self._file(entry, new)
            if "__pycache__" not in name:  # byte code holds the time of its source
                digest.update(os.fsencode(name) + b"\0" + content)
        shutil.copystat(source, target)
        target.chmod(0o755)

    def _file(self, source: Path, target: Path) -> bytes:
        fd = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with open(fd, "rb") as reader, target.open("wb") as writer:
            status = os.fstat(fd)
            self._left_bytes -= status.st_size
            if not stat.S_ISREG(status.st_mode) or self._left_bytes < 0:
                raise NotShareable(f"{source.name} is no file, or the whole is too large")
            digest = hashlib.sha256()
            while block := reader.read(1 << 20):
                digest.update(block)
                writer.write(block)
        mode = 0o755 if status.st_mode & 0o111 else 0o644
        target.chmod(mode)
        os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))  # byte code is checked against it
        return digest.digest() + bytes([mode == 0o755])


def _write(file: Path, content: object) -> None:
    file.parent.mkdir(exist_ok=True)
    draft = file.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps(content))
    draft.rename(file)
