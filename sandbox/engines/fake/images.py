"""Images in memory: the directories every system has, and what a Dockerfile copies."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from edge.containers.engine import Image, StartFailed
from edge.errors import UserError
from sandbox.engines.fake.tree import Tree
from sandbox.engines.process.image_build import DockerfileBuild

_DIRECTORIES = (
    *(
        "/bin",
        "/dev",
        "/etc",
        "/home",
        "/opt",
        "/proc",
        "/root",
        "/run",
        "/tmp",
        "/usr",
        "/usr/bin",
        "/usr/local",
    ),
    *("/usr/local/bin", "/usr/local/lib", "/var", "/var/tmp", "/workspace", "/app"),
)


@dataclass(frozen=True)
class FakeImage:
    """What a container starts from."""

    tree: Tree
    command: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    cwd: str = "/"


def load_image(image: Image, now_s: float) -> FakeImage:
    """Read an image. Raises StartFailed."""
    tree = Tree(now_s)
    for path in _DIRECTORIES:
        tree.mkdir(path, now_s, parents=True)
    tree.write("/etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n", now_s)
    tree.write("/etc/hostname", b"fake\n", now_s)
    tree.write("/etc/hosts", b"127.0.0.1 localhost\n", now_s)
    if image.dockerfile is None:
        return FakeImage(tree)
    try:
        with tempfile.TemporaryDirectory(prefix="edge-image-") as folder:
            skeleton = Path(folder) / "skeleton"
            skeleton.mkdir()
            stages = Path(folder) / "stages"
            stages.mkdir()
            stage = DockerfileBuild(image, stages, skeleton).run()
            _load(tree, stage.tree.root, now_s)
    except (UserError, OSError, UnicodeDecodeError) as failure:
        raise StartFailed(f"The image does not build: {failure}") from failure
    return FakeImage(tree, stage.command, tuple(stage.env.items()), stage.cwd)


def _load(tree: Tree, root: Path, now_s: float) -> None:
    for folder, folders, files in os.walk(root):
        folders.sort()
        inside = "/" + os.path.relpath(folder, root) if folder != str(root) else ""
        for name in folders:
            if not Path(folder, name).is_symlink():  # a link to a directory stays a link
                tree.mkdir(f"{inside}/{name}", now_s, parents=True)
        links = [name for name in folders if Path(folder, name).is_symlink()]
        for name in sorted([*files, *links]):
            path = Path(folder, name)
            if path.is_symlink():
                tree.symlink(os.readlink(path), f"{inside}/{name}", now_s)
            else:
                tree.write(f"{inside}/{name}", path.read_bytes(), now_s, mode=path.stat().st_mode & 0o777)
