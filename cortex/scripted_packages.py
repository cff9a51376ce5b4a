"""Packages on a scripted machine: archives that go into its tree of files, and come out of it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Any

from package_archive import BadArchive, Entry, entries, folder_of, is_part, packed

PREFIX = "/usr/local"


async def unpack(process: Any, archive: bytes, name: str) -> None:
    """Put a package into npm's prefix; it takes the phase `package_unpack`. Raises BadArchive."""
    whole = list(entries(archive, name))
    await process.instance.phase("package_unpack")
    tree, now_s = process.files, process.clock.now()
    place = f"{PREFIX}/{folder_of(name)}"
    for entry in whole:
        known = f"{PREFIX}/{entry.path}"
        if entry.path.startswith("bin/") and _exists(tree, known) and not _is_own(tree, known, place):
            raise BadArchive(f"{known} is another package's")
    if tree.exists(place):
        tree.rmdir(place, recursive=True)
    for entry in whole:
        path = f"{PREFIX}/{entry.path}"
        tree.mkdir(posixpath.dirname(path), now_s, parents=True)
        if entry.target is None:
            tree.write(path, entry.content, now_s, mode=0o755 if entry.executable else 0o644)
            continue
        if _exists(tree, path):
            tree.remove(path)
        tree.symlink(entry.target, path, now_s)


def pack(process: Any, prefix: str, name: str) -> bytes:
    """The archive of what was installed below a prefix. Raises OSError."""
    return packed(_found(process.files, prefix, name))


def _found(tree: Any, prefix: str, name: str) -> Iterator[Entry]:
    for item in tree.list(prefix, recursive=True):
        path = posixpath.relpath(item.path, prefix)
        if not is_part(path, name) or item.kind == "directory":
            continue
        if item.kind == "symlink":
            yield Entry(path, target=_target(tree, item.path))
        else:
            yield Entry(path, tree.read(item.path), executable=bool(item.mode & 0o111))


def _target(tree: Any, path: str) -> str:
    return str(tree.find(path, follow=False).content.decode())


def _exists(tree: Any, path: str) -> bool:
    try:
        tree.find(path, follow=False)
    except OSError:
        return False
    return True


def _is_own(tree: Any, path: str, place: str) -> bool:
    if tree.find(path, follow=False).kind != "symlink":
        return False
    leads_to = posixpath.normpath(posixpath.join(posixpath.dirname(path), _target(tree, path)))
    return leads_to.startswith(f"{place}/")
