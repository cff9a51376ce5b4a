"""The files of an assets directory: which paths exist, their types, tags and contents.

The listing is made once (a change of the directory makes a new `Assets`); contents are read when asked
for and kept while the file stays as it is, so that an edited page shows without a reload.

Source: spec runtime.md section 9.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Container
from dataclasses import dataclass
from pathlib import Path

from edge.assets.logic.types import content_type

#: Not served from the directory's root: they are about the files, not of them.
_CONTROL_FILES = frozenset({"/_headers", "/_redirects", "/.assetsignore"})
#: Contents up to this size stay in memory.
KEPT_SIZE_BYTES = 1 << 20


@dataclass(slots=True)
class Asset:
    """One file, and its content while it is known."""

    file: Path
    content_type: str | None
    _stamp: tuple[int, int] | None = None
    _etag: str = ""
    _content: bytes | None = None

    @property
    def size_bytes(self) -> int:
        return self.file.stat().st_size

    def read(self) -> tuple[bytes, str]:
        """Content and entity tag (32 hex digits, unquoted). Raises OSError when the file went away."""
        found = self.file.stat()
        stamp = (found.st_mtime_ns, found.st_size)
        if stamp == self._stamp and self._content is not None:
            return self._content, self._etag
        content = self.file.read_bytes()
        if stamp != self._stamp:
            self._etag = hashlib.blake2b(content, digest_size=16).hexdigest()
            self._stamp = stamp
        self._content = content if len(content) <= KEPT_SIZE_BYTES else None
        return content, self._etag


class Manifest(Container[str]):
    """The assets by path (decoded, starting with "/")."""

    def __init__(self, directory: Path) -> None:
        self._assets: dict[str, Asset] = {}
        ignored = _ignored(directory)
        # Symbolic links are followed, as wrangler's upload does; links in a circle end at the second visit.
        seen: set[str] = set()
        for folder, folders, names in os.walk(directory, followlinks=True):
            real = os.path.realpath(folder)
            if real in seen:
                folders.clear()
                continue
            seen.add(real)
            folders.sort()
            for name in sorted(names):
                relative = os.path.relpath(os.path.join(folder, name), directory).replace(os.sep, "/")
                if f"/{relative}" not in _CONTROL_FILES and not ignored(relative):
                    self._assets[f"/{relative}"] = Asset(Path(folder, name), content_type(name))

    def __contains__(self, path: object) -> bool:
        return path in self._assets

    def __getitem__(self, path: str) -> Asset:
        return self._assets[path]

    def __len__(self) -> int:
        return len(self._assets)

    def paths(self) -> tuple[str, ...]:
        return tuple(self._assets)


def _ignored(directory: Path) -> Callable[[str], bool]:
    rules = directory / ".assetsignore"
    if not rules.is_file():
        return lambda relative: False
    from pathspec import GitIgnoreSpec

    spec = GitIgnoreSpec.from_lines(rules.read_text(encoding="utf-8").splitlines())
    return spec.match_file
