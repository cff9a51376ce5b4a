"""A file system in memory, with the errors of a real one.

Pure but for the time, which whoever changes something brings along.
"""

from __future__ import annotations

import errno
import os
import posixpath
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field

from edge.containers.engine import FileStat

_LINKS_MAX = 40
_NAME_BYTES_MAX = 255


@dataclass(slots=True)
class Node:
    """A file, a directory or a link."""

    kind: str  # file, directory, symlink
    mode: int
    mtime_s: float
    content: bytes = b""
    entries: dict[str, Node] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return len(self.content)


def failure(number: int, path: str) -> OSError:
    return OSError(number, os.strerror(number), path)


class Tree:
    """All files of one container."""

    def __init__(self, now_s: float) -> None:
        self.root = Node("directory", 0o755, now_s)

    # -- looking

    def find(self, path: str, *, follow: bool = True) -> Node:
        """The node at an absolute path. Raises OSError."""
        return self._walk(path, follow=follow)[1]

    def real(self, path: str) -> str:
        """The path without links. Raises OSError."""
        return self._walk(path, follow=True)[0]

    def _walk(self, path: str, *, follow: bool, links: int = 0) -> tuple[str, Node]:
        if links > _LINKS_MAX:
            raise failure(errno.ELOOP, path)
        trail: list[tuple[str, Node]] = [("", self.root)]
        parts = [part for part in path.split("/") if part not in ("", ".")]
        for index, part in enumerate(parts):
            if part == "..":
                if len(trail) > 1:
                    trail.pop()
                continue
            node = trail[-1][1]
            if node.kind != "directory":
                raise failure(errno.ENOTDIR, path)
            if len(part.encode()) > _NAME_BYTES_MAX:
                raise failure(errno.ENAMETOOLONG, path)
            child = node.entries.get(part)
            if child is None:
                raise failure(errno.ENOENT, path)
            last = index == len(parts) - 1
            if child.kind == "symlink" and (follow or not last):
                here = "/" + "/".join(name for name, _ in trail[1:])
                target = posixpath.join(here, child.content.decode(), *parts[index + 1 :])
                return self._walk(target, follow=follow, links=links + 1)
            trail.append((part, child))
        if path.endswith("/") and trail[-1][1].kind == "file":
            raise failure(errno.ENOTDIR, path)
        return "/" + "/".join(name for name, _ in trail[1:]), trail[-1][1]

    def stat(self, path: str, *, follow: bool = True) -> FileStat:
        return _stat(path, self.find(path, follow=follow))

    def list(self, path: str, *, recursive: bool) -> list[FileStat]:
        node = self.find(path)
        if node.kind != "directory":
            raise failure(errno.ENOTDIR, path)
        return list(self._listed(path.rstrip("/") or "", node, recursive))

    def _listed(self, path: str, node: Node, recursive: bool) -> Iterator[FileStat]:
        for name in sorted(node.entries):
            child = node.entries[name]
            yield _stat(f"{path}/{name}", child)
            if recursive and child.kind == "directory":
                yield from self._listed(f"{path}/{name}", child, True)

    def read(self, path: str) -> bytes:
        node = self.find(path)
        if node.kind == "directory":
            raise failure(errno.EISDIR, path)
        return node.content

    # -- changing

    def _parent(self, path: str) -> tuple[Node, str]:
        """The directory that holds, or will hold, the last name of a path."""
        folder, name = posixpath.split(path.rstrip("/"))
        if name in ("", ".", ".."):
            raise failure(errno.EINVAL if name else errno.EEXIST, path)
        if len(name.encode()) > _NAME_BYTES_MAX:
            raise failure(errno.ENAMETOOLONG, path)
        parent = self.find(folder or "/")
        if parent.kind != "directory":
            raise failure(errno.ENOTDIR, path)
        return parent, name

    def write(self, path: str, content: bytes, now_s: float, *, mode: int = 0o644, links: int = 0) -> None:
        """Create or replace a file; a link is followed. `links` were followed before."""
        if links > _LINKS_MAX:
            raise failure(errno.ELOOP, path)
        if path.endswith("/"):
            raise failure(errno.EISDIR, path)
        parent, name = self._parent(path)
        known = parent.entries.get(name)
        if known is not None and known.kind == "symlink":
            target = posixpath.join(posixpath.dirname(path), known.content.decode())
            self.write(target, content, now_s, mode=mode, links=links + 1)
            return
        if known is not None and known.kind == "directory":
            raise failure(errno.EISDIR, path)
        kept = mode if known is None else known.mode
        parent.entries[name] = Node("file", kept, now_s, content)

    def mkdir(self, path: str, now_s: float, *, parents: bool = False) -> None:
        if parents:
            folder = posixpath.dirname(path.rstrip("/"))
            if folder not in ("", "/") and not self.exists(folder):
                self.mkdir(folder, now_s, parents=True)
            if self.exists(path):
                if self.find(path).kind != "directory":
                    raise failure(errno.ENOTDIR, path)
                return
        parent, name = self._parent(path)
        if name in parent.entries:
            raise failure(errno.EEXIST, path)
        parent.entries[name] = Node("directory", 0o755, now_s)

    def symlink(self, target: str, path: str, now_s: float) -> None:
        parent, name = self._parent(path)
        if name in parent.entries:
            raise failure(errno.EEXIST, path)
        parent.entries[name] = Node("symlink", 0o777, now_s, target.encode())

    def remove(self, path: str) -> None:
        """Remove a file or a link."""
        if self.find(path, follow=False).kind == "directory":
            raise failure(errno.EISDIR, path)
        parent, name = self._parent(path)
        del parent.entries[name]

    def rmdir(self, path: str, *, recursive: bool = False) -> None:
        node = self.find(path, follow=False)
        if node.kind != "directory":
            raise failure(errno.ENOTDIR, path)
        if node.entries and not recursive:
            raise failure(errno.ENOTEMPTY, path)
        parent, name = self._parent(path)
        del parent.entries[name]

    def rename(self, source: str, target: str) -> None:
        moved = self.find(source, follow=False)
        new_parent, new_name = self._parent(target)
        known = new_parent.entries.get(new_name)
        if known is moved:
            return
        if known is not None:
            if known.kind == "directory" and moved.kind != "directory":
                raise failure(errno.EISDIR, target)
            if known.kind != "directory" and moved.kind == "directory":
                raise failure(errno.ENOTDIR, target)
            if known.entries:
                raise failure(errno.ENOTEMPTY, target)
        if moved.kind == "directory" and (self.real(posixpath.dirname(target)) + "/").startswith(
            self.real(source) + "/"
        ):
            raise failure(errno.EINVAL, target)
        old_parent, old_name = self._parent(source)
        del old_parent.entries[old_name]
        new_parent.entries[new_name] = moved

    def exists(self, path: str) -> bool:
        try:
            self.find(path)
        except OSError:
            return False
        return True

    def copy(self) -> Tree:
        """A tree of its own with the same files: a container that starts from an image."""
        made = Tree(self.root.mtime_s)
        made.root = _copied(self.root)
        return made


def _copied(node: Node) -> Node:
    entries = {name: _copied(child) for name, child in node.entries.items()}
    return Node(node.kind, node.mode, node.mtime_s, node.content, entries)


def _stat(path: str, node: Node) -> FileStat:
    kind = node.kind
    assert kind in ("file", "directory", "symlink")
    return FileStat(path, kind, node.size, node.mtime_s, stat.S_IMODE(node.mode))  # type: ignore[arg-type]
