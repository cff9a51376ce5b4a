"""Limits of a sandbox: control groups where this process may make them, resource limits everywhere."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from edge.containers.engine import InstanceType
from sandbox.engines.process.registry import is_alive

#: Processes and threads of one sandbox; Node alone takes a dozen.
PIDS_MAX = 1024
PREFIX = "cortex-edge-"
_OPEN_FILES = 65_536
_CPU_PERIOD_US = 100_000
_MIB = 1024 * 1024


class Groups:
    """Control groups for the sandboxes of one engine: version 1 or 2, whichever is writable here."""

    def __init__(
        self, engine: str, mounts: Path = Path("/proc/self/mountinfo"), own: Path = Path("/proc/self/cgroup")
    ) -> None:
        """`engine`: its name, by which its groups are told from others. `mounts`, `own`: what is mounted
        where, and in which groups we are ourselves."""
        self._name = PREFIX + engine
        self._mounts = mounts
        self._own = own
        #: The engine's folder for each of memory, pids and cpu; of version 2 it is the same for all.
        self.folders: dict[str, Path] = {}
        self._unified = False

    def open(self) -> None:
        """Find out what can be limited here; leaves `folders` empty when nothing can."""
        hierarchies = dict(_hierarchies(self._mounts.read_text()))
        own = dict(_own_paths(self._own.read_text()))
        for controller in ("memory", "pids", "cpu"):
            if controller in hierarchies:
                folder = hierarchies[controller] / own.get(controller, "/").lstrip("/") / self._name
                if _can_make(folder):
                    self.folders[controller] = folder
        if not self.folders and "" in hierarchies:
            folder = hierarchies[""] / own.get("", "/").lstrip("/") / self._name
            if _can_make(folder) and _enable(folder):
                self.folders = dict.fromkeys(("memory", "pids", "cpu"), folder)
                self._unified = True

    def remove_strays(self) -> None:
        """Remove the groups of engines that are gone, wherever their state was."""
        for folder in sorted(set(self.folders.values())):
            for stray in folder.parent.glob(f"{PREFIX}*"):
                if not is_alive(stray.name.removeprefix(PREFIX)):
                    _remove_with_children(stray)

    def make(self, name: str) -> None:
        """The groups of one sandbox."""
        for folder in self._of(name):
            folder.mkdir()
        self._set("pids", name, "pids.max", str(PIDS_MAX))

    def add(self, name: str, pid: int) -> None:
        """Put a process, and all it will start, under the sandbox's limits."""
        for folder in self._of(name):
            (folder / "cgroup.procs").write_text(str(pid))

    def limit(self, name: str, kind: InstanceType) -> None:
        """Allow what `kind` has. Fewer than one CPU counts as one: see docs/compat.md."""
        memory = str(kind.memory_mib * _MIB)
        quota_us = int(max(1.0, kind.vcpu) * _CPU_PERIOD_US)
        if self._unified:
            self._set("memory", name, "memory.max", memory)
            self._set("memory", name, "memory.swap.max", "0")
            self._set("cpu", name, "cpu.max", f"{quota_us} {_CPU_PERIOD_US}")
            self._set("cpu", name, "cpu.weight", str(max(1, int(100 * kind.vcpu))))
        else:
            self._set("memory", name, "memory.limit_in_bytes", memory)
            self._set("memory", name, "memory.memsw.limit_in_bytes", memory)
            self._set("cpu", name, "cpu.cfs_period_us", str(_CPU_PERIOD_US))
            self._set("cpu", name, "cpu.cfs_quota_us", str(quota_us))
            self._set("cpu", name, "cpu.shares", str(max(2, int(1024 * kind.vcpu))))

    def remove(self, name: str) -> bool:
        """Remove the groups of a sandbox that has ended. False: not yet, try again in a moment."""
        return {_remove(folder) for folder in self._of(name)} <= {True}  # every one is tried

    def remove_all(self) -> bool:
        """Remove all of this engine's groups. False: not yet, try again in a moment."""
        return {_remove_with_children(folder) for folder in self.folders.values()} <= {True}

    def _of(self, name: str) -> list[Path]:
        return sorted({folder / name for folder in self.folders.values()})

    def _set(self, controller: str, name: str, key: str, value: str) -> None:
        folder = self.folders.get(controller)
        # Some keys are a matter of how the kernel was built (swap accounting, bandwidth control).
        if folder is not None and (folder / name / key).exists():
            (folder / name / key).write_text(value)


def rlimits(kind: InstanceType, *, grouped: bool) -> list[tuple[int, int]]:
    """Limits of every single process. `grouped`: control groups watch over memory already."""
    limits = [
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_NPROC, PIDS_MAX),
        (resource.RLIMIT_FSIZE, kind.disk_mb * 1000 * 1000),
    ]
    if not grouped:
        limits.append((resource.RLIMIT_DATA, kind.memory_mib * _MIB))
    return limits


def _hierarchies(mountinfo: str) -> Iterator[tuple[str, Path]]:
    """Each version 1 controller with its mount point, and "" for version 2."""
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        point = Path(before.split(" ")[4])
        if kind == "cgroup2":
            yield "", point
        elif kind == "cgroup":
            for option in options.split(","):
                yield option, point


def _own_paths(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            yield controller, path


def _can_make(folder: Path) -> bool:
    try:
        folder.mkdir(exist_ok=True)
        return os.access(folder / "cgroup.procs", os.W_OK)
    except OSError:
        return False


def _enable(folder: Path) -> bool:
    """Version 2: let groups below `folder` use the controllers."""
    try:
        for parent in (folder.parent, folder):
            (parent / "cgroup.subtree_control").write_text("+memory +pids +cpu")
    except OSError:
        with suppress(OSError):
            folder.rmdir()
        return False
    return True


def _remove_with_children(folder: Path) -> bool:
    children = [child for child in folder.iterdir() if child.is_dir()] if folder.is_dir() else []
    return {_remove(child) for child in children} <= {True} and _remove(folder)


def _remove(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False  # busy for a moment after its last process has ended
    return True
