"""What an installation wrote, read off the writable layers of the sandbox it ran in."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sandbox.engines.process.inside.plan import Plan

#: Caches, scratch and byte code: nothing that an installation is for.
_LEFT_OUT = ("/root/.npm", "/root/.cache/pip", "/tmp", "/var/tmp", "/run", "/dev", "/proc")
_BYTE_CODE = "__pycache__"
_PYTHON_PACKAGES = frozenset({"site-packages", "dist-packages"})
_OPAQUE = ("trusted.overlay.opaque", "user.overlay.opaque")


class NotShareable(Exception):
    """An installation did more than add files, so it cannot be repeated by links."""


@dataclass(frozen=True)
class Area:
    """Where a sandbox writes: at `path` inside, which is `changes` on the host, over what is `below`."""

    path: str
    changes: Path
    below: tuple[Path, ...]


@dataclass(frozen=True)
class Change:
    """A new file, symbolic link, or package (a directory as a whole)."""

    path: str
    source: Path


def areas(plan: Plan, *, own_local: bool) -> list[Area]:
    """Those of a sandbox; `own_local`: whether it has a /usr/local of its own."""
    folder = Path(plan["directory"])
    layers = tuple(map(Path, plan["layers"]))
    found: list[Area] = []
    if plan["style"] == "overlay":
        found.append(Area("", folder / "root/upper", layers))
        for number, tree in enumerate(plan["trees"]):
            below = tuple(map(Path, [*tree["layers"], tree["path"]]))
            found.append(Area(tree["path"], folder / f"tree{number}/upper", below))
    if own_local:
        found.append(Area("/usr/local", folder / "local", tuple(layer / "usr/local" for layer in layers)))
    return found


def changes(where: Iterable[Area]) -> list[Change]:
    """All that is new. Raises NotShareable when something was changed or removed, OSError."""
    return sorted((change for area in where for change in _walk(area, "")), key=lambda change: change.path)


def has_python_packages(where: Iterable[Area]) -> bool:
    """Whether the sandbox has Python packages of its own, which are not links into the store."""
    for area in where:
        for folder, folders, files in os.walk(area.changes):
            if os.path.basename(folder) in _PYTHON_PACKAGES:
                names = {*folders, *files} - {_BYTE_CODE}
                if any(not os.path.islink(os.path.join(folder, name)) for name in names):
                    return True
                folders.clear()
    return False


def _walk(area: Area, relative: str) -> Iterator[Change]:
    for entry in sorted(os.scandir(area.changes / relative), key=lambda entry: entry.name):
        name = f"{relative}/{entry.name}".lstrip("/")
        path = f"{area.path}/{name}"
        if path in _LEFT_OUT or entry.name == _BYTE_CODE:
            continue
        mode = entry.stat(follow_symlinks=False).st_mode
        known = any(os.path.lexists(below / name) for below in area.below)
        if stat.S_ISDIR(mode):
            if _is_opaque(entry.path):
                raise NotShareable(f"{path} was replaced")
            if not known and _is_package(path):
                yield Change(path, Path(entry.path))
            else:
                yield from _walk(area, name)
        elif not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
            raise NotShareable(f"{path} was removed, or is no file")
        elif known:
            raise NotShareable(f"{path} was changed")
        else:
            yield Change(path, Path(entry.path))


def _is_package(path: str) -> bool:
    """Whether a directory is one package: what is in it belongs together."""
    parent, _, name = path.rpartition("/")
    if Path(parent).name in _PYTHON_PACKAGES:
        return True
    scoped = parent.rpartition("/")[2].startswith("@")
    holder = parent.rpartition("/")[0] if scoped else parent
    return holder.endswith("/lib/node_modules") and not name.startswith("@")


def _is_opaque(path: str) -> bool:
    try:
        present = os.listxattr(path, follow_symlinks=False)
    except OSError:
        return False
    return any(name in present for name in _OPAQUE)
