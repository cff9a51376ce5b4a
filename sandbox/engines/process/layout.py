"""A sandbox's directory on this machine before it starts: what `inside/rootfs.py` mounts."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from edge.containers.engine import StartFailed
from sandbox.engines.process import userland
from sandbox.engines.process.images import Built
from sandbox.engines.process.inside.plan import Plan, Tree


def lay_out(plan: Plan, image: Built) -> None:
    """Complete `plan` for `image` and make the directories it needs. Raises StartFailed, OSError."""
    folder = Path(plan["directory"])
    if plan["style"] == "overlay":
        _lay_out_overlay(plan, image, folder)
    elif plan["style"] in ("copy", "plain"):
        _copy(plan, image, folder / "root")
    else:
        raise StartFailed(f"There is no style {plan['style']!r}")
    if has_own_local(plan["style"], plan["uid_base"]):
        _make_local(plan, image, folder / "local")
    if plan["style"] != "plain":
        plan["binds"].extend(userland.binds())


def _lay_out_overlay(plan: Plan, image: Built, folder: Path) -> None:
    plan["layers"] = [str(layer) for layer in image.layers]
    for path in userland.trees():
        over = [layer + path for layer in plan["layers"] if _holds_anything(Path(layer + path))]
        plan["trees"].append(Tree(path=path, layers=over))
    (folder / "mnt").mkdir()
    for name in ("root", *(f"tree{number}" for number in range(len(plan["trees"])))):
        for part in ("upper", "work"):
            (folder / name / part).mkdir(parents=True)
            _give(folder / name / part, plan["uid_base"])


def _copy(plan: Plan, image: Built, root: Path) -> None:
    for layer in reversed(image.layers):
        shutil.copytree(layer, root, symlinks=True, dirs_exist_ok=True)
    if plan["style"] == "copy":
        plan["trees"] = [Tree(path=path, layers=[]) for path in userland.trees()]
    _give_all(root, plan["uid_base"])


def has_own_local(style: str, uid_base: int | None) -> bool:
    """Whether /usr is read-only, and what is installed goes to a /usr/local of the sandbox's own: without
    overlays, and without the right to change files of this machine's root in one."""
    return style == "copy" or (style == "overlay" and uid_base is None)


def _make_local(plan: Plan, image: Built, local: Path) -> None:
    for layer in reversed(image.layers):
        if (layer / "usr/local").is_dir():
            shutil.copytree(layer / "usr/local", local, symlinks=True, dirs_exist_ok=True)
    for name in ("bin", "lib", "share"):
        (local / name).mkdir(parents=True, exist_ok=True)
    _give_all(local, plan["uid_base"])
    plan["binds"].append(("local", "/usr/local"))


def _give_all(root: Path, owner: int | None) -> None:
    if owner is not None:
        for folder, folders, files in os.walk(root):
            for name in (".", *folders, *files):
                _give(Path(folder, name), owner)


def _give(path: Path, owner: int | None) -> None:
    if owner is not None:
        os.chown(path, owner, owner, follow_symlinks=False)


def _holds_anything(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())
