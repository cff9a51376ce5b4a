"""What the host asks for when it wants a sandbox, as it travels to the zygote (JSON)."""

from __future__ import annotations

from typing import TypedDict


class Tree(TypedDict):
    """A directory of this machine that the sandbox sees at the same path, over what the image has there."""

    path: str
    #: Directories laid over it, the top one first; empty where the file system cannot do overlays.
    layers: list[str]


class Plan(TypedDict):
    """How one sandbox is built."""

    #: "overlay": layers with a writable one on top; "copy": the host has copied the image into `root`;
    #: "plain": no namespaces at all, the root is an ordinary directory.
    style: str
    #: The sandbox's own directory on the host.
    directory: str
    #: The layers of the root, the top one first (style "overlay").
    layers: list[str]
    trees: list[Tree]
    #: Files and directories shown read-only, as (host path, path inside).
    binds: list[tuple[str, str]]
    #: The first of the host's user ids that stand for the sandbox's; None: this user is its root.
    uid_base: int | None


UID_COUNT = 65536
