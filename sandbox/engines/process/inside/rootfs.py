"""The file system of a sandbox, built in its own mount namespace: the host's userland, read-only below."""

from __future__ import annotations

import os

from sandbox.engines.process.inside import syscalls
from sandbox.engines.process.inside.plan import Plan

_READ_ONLY = syscalls.MOUNT_ATTR_RDONLY | syscalls.MOUNT_ATTR_NOSUID | syscalls.MOUNT_ATTR_NODEV
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_DEVICE_LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "fd/0",
    "stdout": "fd/1",
    "stderr": "fd/2",
    "ptmx": "pts/ptmx",
}


def build(plan: Plan, userns: int | None) -> None:
    """Mount the root that `plan` describes and make it ours; nothing else of the host stays reachable."""
    os.chdir(plan["directory"])
    syscalls.mount("none", "/", None, syscalls.MS_REC | syscalls.MS_PRIVATE)
    if plan["style"] == "overlay":
        _Overlays(plan, userns).mount()
        root = "mnt/root"
    else:
        syscalls.mount("root", "root", None, syscalls.MS_BIND)
        root = "root"
        for tree in plan["trees"]:
            syscalls.bind(tree["path"], root + tree["path"], _READ_ONLY)
    for source, target in plan["binds"]:
        syscalls.bind(source, root + target, _READ_ONLY if source != "local" else syscalls.MOUNT_ATTR_NODEV)
    uid = plan["uid_base"] or 0
    _mount_devices(root + "/dev", uid)
    flags = syscalls.MS_NOSUID | syscalls.MS_NODEV | syscalls.MS_NOEXEC
    syscalls.mount("proc", root + "/proc", "proc", flags)
    _enter(root)


class _Overlays:
    """Overlays whose lower layers, files of the host's root, appear as files of the sandbox's root."""

    def __init__(self, plan: Plan, userns: int | None) -> None:
        self._plan = plan
        self._userns = userns
        self._count = 0

    def mount(self) -> None:
        # Mount points on a private tmpfs, so that nothing has to be removed later.
        syscalls.mount("tmpfs", "mnt", "tmpfs", syscalls.MS_NOSUID | syscalls.MS_NODEV, "mode=755,size=1m")
        os.mkdir("mnt/root")
        self._overlay(self._plan["layers"], "root", "mnt/root")
        for number, tree in enumerate(self._plan["trees"]):
            self._overlay([*tree["layers"], tree["path"]], f"tree{number}", "mnt/root" + tree["path"])

    def _overlay(self, layers: list[str], own: str, target: str) -> None:
        lower = ":".join(self._lower(layer) for layer in layers)
        # Nothing of a container outlives it, so nothing has to reach the disk: `volatile` skips every sync.
        options = f"lowerdir={lower},upperdir={own}/upper,workdir={own}/work,volatile"
        if self._userns is None:
            options += ",userxattr"  # only the machine's root may use the other kind
        syscalls.mount("overlay", target, "overlay", syscalls.MS_NOSUID | syscalls.MS_NODEV, options)

    def _lower(self, layer: str) -> str:
        point = f"mnt/{self._count}"
        self._count += 1
        os.mkdir(point)
        tree = syscalls.clone_tree(layer)
        attributes, userns = _READ_ONLY, 0
        if self._userns is not None:
            attributes, userns = attributes | syscalls.MOUNT_ATTR_IDMAP, self._userns
        syscalls.restrict_tree(tree, attributes, userns=userns)
        syscalls.attach_tree(tree, point)
        return point


def _mount_devices(dev: str, uid: int) -> None:
    owner = f"uid={uid},gid={uid}"
    safe = syscalls.MS_NOSUID | syscalls.MS_NOEXEC
    syscalls.mount("tmpfs", dev, "tmpfs", safe, f"mode=755,size=64k,{owner}")
    for name in _DEVICES:
        os.close(os.open(f"{dev}/{name}", os.O_CREAT | os.O_WRONLY, 0o666))
        syscalls.mount(f"/dev/{name}", f"{dev}/{name}", None, syscalls.MS_BIND)
    for name in ("pts", "shm"):
        os.mkdir(f"{dev}/{name}")
    syscalls.mount("devpts", f"{dev}/pts", "devpts", safe, "newinstance,ptmxmode=0666,mode=0620")
    shm = safe | syscalls.MS_NODEV
    syscalls.mount("tmpfs", f"{dev}/shm", "tmpfs", shm, f"mode=1777,size=64m,{owner}")
    for name, target in _DEVICE_LINKS.items():
        os.symlink(target, f"{dev}/{name}")


def _enter(root: str) -> None:
    # The old root lands on top of the new one and is taken off at once.
    os.chdir(root)
    syscalls.pivot_root(".", ".")
    syscalls.detach(".")
    os.chdir("/")
