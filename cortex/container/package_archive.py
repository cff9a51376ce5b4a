"""A package as an archive: what `npm install -g` put into a prefix, and nothing else.

An archive holds the package's own folder `lib/node_modules/NAME/…`, with all that it depends on, and its
links in `bin/`. It is written the same for the same content, so that it can be named by its hash. What comes
from elsewhere is checked before it is written: no path leaves the package's folder, no link leads out of it.
"""

from __future__ import annotations

import io
import os
import posixpath
import re
import shutil
import stat
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

ENTRIES_MAX = 100_000
UNPACKED_BYTES_MAX = 256 << 20
_BIN = re.compile(r"bin/[^/]+")


class BadArchive(ValueError):
    """An archive that is not unpacked; the message says why."""


@dataclass(frozen=True)
class Entry:
    """A file, or with `target` a symbolic link; `path` is relative to the prefix."""

    path: str
    content: bytes = b""
    target: str | None = None
    executable: bool = False


def folder_of(name: str) -> str:
    return f"lib/node_modules/{name}"


def is_part(path: str, name: str) -> bool:
    """Whether an archive of `name` holds what is at `path`."""
    return path.startswith(f"{folder_of(name)}/") or bool(_BIN.fullmatch(path))


# -- writing


def packed(entries: Iterable[Entry]) -> bytes:
    """The archive of some entries: the same bytes for the same entries, in whatever order they come."""
    import gzip
    import tarfile

    buffer = io.BytesIO()
    with (
        gzip.GzipFile("", "wb", 6, buffer, mtime=0) as squeezed,
        tarfile.open(fileobj=squeezed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for entry in sorted(entries, key=lambda entry: entry.path):
            info = tarfile.TarInfo(entry.path)
            if entry.target is None:
                info.size, info.mode = len(entry.content), 0o755 if entry.executable else 0o644
            else:
                info.type, info.linkname = tarfile.SYMTYPE, entry.target
            tar.addfile(info, io.BytesIO(entry.content))
    return buffer.getvalue()


def found(prefix: str, name: str) -> Iterator[Entry]:
    """What an installation of `name` put below `prefix`. Raises OSError."""
    for folder, folders, files in os.walk(prefix):
        for item in [*files, *(one for one in folders if os.path.islink(os.path.join(folder, one)))]:
            path = os.path.join(folder, item)
            relative = os.path.relpath(path, prefix)
            if not is_part(relative, name):
                continue
            if os.path.islink(path):
                yield Entry(relative, target=posixpath.normpath(os.readlink(path)))
            elif stat.S_ISREG((status := os.lstat(path)).st_mode):
                with open(path, "rb") as file:
                    yield Entry(relative, file.read(), executable=bool(status.st_mode & 0o111))


# -- reading


def entries(archive: bytes, name: str) -> Iterator[Entry]:
    """The files and links of an archive of `name`, each checked. Raises BadArchive."""
    import tarfile

    seen = _Seen(name)
    try:
        with tarfile.open(fileobj=io.BytesIO(_inflated(archive)), mode="r:") as tar:
            for info in tar:
                if info.isdir():
                    continue  # those that are needed are made with what is in them
                if not (info.isfile() or info.issym()):
                    raise BadArchive(f"{info.name[:200]!r} is neither a file nor a symbolic link")
                seen.take(info.name, info.linkname if info.issym() else None)
                if info.issym():
                    yield Entry(info.name, target=info.linkname)
                    continue
                file = tar.extractfile(info)
                assert file is not None
                yield Entry(info.name, file.read(), executable=bool(info.mode & 0o111))
    except (tarfile.TarError, EOFError, OSError, zlib.error) as broken:
        raise BadArchive(f"it is no whole archive: {broken}") from None


def _inflated(archive: bytes) -> bytes:
    """Raises BadArchive, zlib.error."""
    inflating = zlib.decompressobj(16 + zlib.MAX_WBITS)
    content = inflating.decompress(archive, UNPACKED_BYTES_MAX)  # a bomb ends here
    if not inflating.eof:
        raise BadArchive("it is cut short, or too large")
    return content


class _Seen:
    """What an archive held so far; refuses what may not come next."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._files: set[str] = set()
        self._links: set[str] = set()
        self._folders: set[str] = set()

    def take(self, path: str, target: str | None) -> None:
        """Raises BadArchive."""
        if posixpath.normpath(path) != path or "\0" in path or not is_part(path, self._name):
            raise BadArchive(f"{path[:200]!r} is no path of {self._name}")
        above = _above(path)
        # Nothing lies beneath a link: so the parents of each path are folders, and paths mean what they say.
        if path in self._files | self._links | self._folders or above & (self._files | self._links):
            raise BadArchive(f"{path[:200]!r} is there twice, or beneath what is no folder")
        if target is None:
            if _BIN.fullmatch(path):
                raise BadArchive(f"{path!r} is no link")
            self._files.add(path)
        else:
            self._check_link(path, target)
            self._links.add(path)
        self._folders |= above
        if len(self._files) + len(self._links) > ENTRIES_MAX:
            raise BadArchive(f"it has more than {ENTRIES_MAX} files")

    def _check_link(self, path: str, target: str) -> None:
        inside = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
        plain = posixpath.normpath(target) == target and not target.startswith("/") and "\0" not in target
        if not plain or not f"{inside}/".startswith(f"{folder_of(self._name)}/"):
            raise BadArchive(f"the link {path[:200]!r} leads to {target[:200]!r}")


def _above(path: str) -> set[str]:
    parts = path.split("/")
    return {"/".join(parts[:count]) for count in range(1, len(parts))}


def unpack(archive: bytes, name: str, prefix: str) -> None:
    """Put a package into a prefix, in the place of what was there of it; all or nothing of its folder.

    Raises BadArchive, also when a program of another package has the name of one of its own, and OSError.
    """
    modules = os.path.join(prefix, "lib/node_modules")
    os.makedirs(modules, exist_ok=True)
    draft = tempfile.mkdtemp(prefix=".cortex-", dir=modules)  # on the same disk: it is renamed into its place
    try:
        bins = []
        for entry in entries(archive, name):
            if _BIN.fullmatch(entry.path):
                bins.append(entry)
                _check_bin(os.path.join(prefix, entry.path), os.path.join(prefix, folder_of(name)))
            else:
                _write(os.path.join(draft, "new", posixpath.relpath(entry.path, folder_of(name))), entry)
        place = os.path.join(prefix, folder_of(name))
        os.makedirs(os.path.dirname(place), exist_ok=True)
        os.makedirs(os.path.join(draft, "new"), exist_ok=True)
        if os.path.lexists(place):
            os.rename(place, os.path.join(draft, "old"))
        os.rename(os.path.join(draft, "new"), place)
        for entry in bins:
            path = os.path.join(prefix, entry.path)
            if os.path.lexists(path):
                os.unlink(path)
            _write(path, entry)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _check_bin(path: str, package: str) -> None:
    """Raises BadArchive when a program is there that is not the package's own."""
    if os.path.islink(path):
        leads_to = os.path.normpath(os.path.join(os.path.dirname(path), os.readlink(path)))
        if leads_to.startswith(f"{package}/"):
            return
    if os.path.lexists(path):
        raise BadArchive(f"{path} is another package's")


def _write(path: str, entry: Entry) -> None:
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        os.makedirs(folder, exist_ok=True)
    if entry.target is not None:
        os.symlink(entry.target, path)
        return
    mode = 0o755 if entry.executable else 0o644
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(entry.content)
