"""Images without a registry: this machine's userland, and on top of it what a Dockerfile copies."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from edge.containers.engine import Image
from sandbox.engines.process import userland


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

    def open(self) -> None:
        self._skeleton.mkdir()
        userland.make_skeleton(self._skeleton)

    def build(self, image: Image) -> Built:
        return Built((self._skeleton,))
