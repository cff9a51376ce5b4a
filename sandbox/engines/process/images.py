"""Images without a registry: this machine's userland, and on top of it what a Dockerfile copies.

A Dockerfile's layer is kept under a hash of all it was made from, so that it is made once.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from edge.containers.engine import Image, StartFailed
from edge.errors import UserError
from sandbox.engines.process import userland
from sandbox.engines.process.image_build import DockerfileBuild, Stage

_log = logging.getLogger("edge.containers")
_FORMAT = "1"  # changes with what a layer holds


@dataclass(frozen=True)
class Built:
    """What a sandbox starts from."""

    #: Directories laid over each other, the top one first.
    layers: tuple[Path, ...]
    command: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)
    cwd: str = "/"


class Images:
    """Makes and keeps what images consist of."""

    def __init__(self, folder: Path, skeleton: Path) -> None:
        """`folder`: where layers are kept; `skeleton`: where the lowest one is made, anew for each engine."""
        self._folder = folder
        self._skeleton = skeleton
        self._built: dict[str, Built] = {}
        self._said: set[str] = set()

    def open(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        self._skeleton.mkdir()
        userland.make_skeleton(self._skeleton)

    @property
    def built(self) -> list[Built]:
        """Every image as it was last built."""
        return list(self._built.values())

    def get(self, image: Image) -> Built:
        """As it was last built, or built now. Raises StartFailed."""
        return self._built.get(repr(image)) or self.build(image)

    def build(self, image: Image) -> Built:
        """Build it from what its files are now. Raises StartFailed with file and line."""
        built = Built((self._skeleton,))
        if image.dockerfile is not None:
            try:
                built = self._build(image, image.dockerfile)
            except (UserError, OSError, UnicodeDecodeError) as error:
                raise StartFailed(f"The image does not build: {error}") from error
        self._built[repr(image)] = built
        return built

    def _build(self, image: Image, dockerfile: Path) -> Built:
        kept = self._folder / _fingerprint(image, dockerfile)
        if not kept.is_dir():
            draft = Path(tempfile.mkdtemp(dir=self._folder, prefix="draft-"))
            try:
                stage = DockerfileBuild(image, draft, self._skeleton).run()
                stage.tree.root.rename(draft / "tree")
                (draft / "image.json").write_text(json.dumps(_description(stage)))
                _rename(draft, kept)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
        found = json.loads((kept / "image.json").read_text())
        self._say_once(dockerfile, found["not_done"])
        layers = (kept / "tree", self._skeleton)
        return Built(layers, tuple(found["command"]), found["env"], found["cwd"])

    def _say_once(self, dockerfile: Path, not_done: list[str]) -> None:
        lines = ", ".join(not_done)
        text = (
            f"{dockerfile}: this machine's programs stand for the base image, and these are not done: {lines}"
        )
        if not_done and text not in self._said:
            self._said.add(text)
            _log.warning(text)


def _description(stage: Stage) -> dict[str, object]:
    not_done = [f"{one.keyword} (line {one.line})" for one in stage.not_done]
    return {"command": stage.command, "env": stage.env, "cwd": stage.cwd, "not_done": not_done}


def _rename(draft: Path, kept: Path) -> None:
    try:
        draft.rename(kept)
    except OSError:
        if not kept.is_dir():  # else another engine has built the same meanwhile
            raise


def _fingerprint(image: Image, dockerfile: Path) -> str:
    digest = hashlib.sha256(_FORMAT.encode())
    digest.update(dockerfile.read_bytes())
    digest.update(json.dumps([sorted(image.build_args.items()), userland.environment()]).encode())
    context = image.build_context or dockerfile.parent
    for folder, folders, files in os.walk(context):
        folders.sort()
        for name in sorted(files):
            path = os.path.join(folder, name)
            if path == str(dockerfile):
                continue  # its content counts already
            found = os.lstat(path)
            line = f"{path} {found.st_size} {found.st_mtime_ns} {found.st_mode}\n"
            digest.update(line.encode(errors="surrogateescape"))
    return digest.hexdigest()[:32]
