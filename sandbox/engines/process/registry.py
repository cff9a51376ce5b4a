"""Where an engine keeps its sandboxes on disk, so that the next one can remove what a killed one left.

    <state>/sandboxes/<engine>/lock              held by the engine while it lives
    <state>/sandboxes/<engine>/<sandbox>/        what the sandbox has written
    <state>/sandboxes/<engine>/processes/<pid>   when that process started: none may outlive the engine

A folder whose lock is free belongs to nobody who lives. Processes are ended only when their start time is
the one on record: a process id alone may be a stranger's by now.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from edge.containers.engine import EngineUnavailable


class Registry:
    """The folder of one engine."""

    def __init__(self, base: Path, name: str) -> None:
        self.base = base
        self.folder = base / name
        self._lock = -1

    def open(self) -> list[str]:
        """Make and lock the folder; remove those of engines that are gone. The names of those removed."""
        self.folder.mkdir(parents=True)
        self.base.chmod(0o700)
        self._lock = os.open(self.folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        if not _try_lock(self._lock):
            raise EngineUnavailable(f"Another engine uses {self.folder}")
        (self.folder / "processes").mkdir()
        return [left.name for left in sorted(self.base.iterdir()) if left != self.folder and _reap(left)]

    def sandbox(self, name: str) -> Path:
        """A new folder for a sandbox."""
        folder = self.folder / name
        folder.mkdir(mode=0o711)
        return folder

    def note(self, pid: int) -> None:
        """Remember a process that must not outlive this engine."""
        with suppress(FileNotFoundError):  # it has ended already
            (self.folder / "processes" / str(pid)).write_text(start_time(pid))

    def forget(self, pid: int) -> None:
        (self.folder / "processes" / str(pid)).unlink(missing_ok=True)

    def close(self) -> None:
        """Remove the folder."""
        if self._lock >= 0:
            remove_tree(self.folder)
            os.close(self._lock)
            self._lock = -1


def start_time(pid: int) -> str:
    """When a process started, in the kernel's own count. Raises FileNotFoundError."""
    stat = Path(f"/proc/{pid}/stat").read_text()
    return stat.rpartition(")")[2].split()[19]


def engine_name(number: int) -> str:
    """A name that no other engine of this machine has: the process, when it started, which of its engines.

    Unlike all else not drawn from the seed, which two worlds may share."""
    return f"{os.getpid()}-{start_time(os.getpid())}-{number}"


def is_alive(name: str) -> bool:
    """Whether the process of that engine still runs; True for a name that is none of ours."""
    pid, _, rest = name.partition("-")
    try:
        return start_time(int(pid)) == rest.partition("-")[0]
    except FileNotFoundError:
        return False
    except ValueError:
        return True


def remove_tree(folder: Path) -> None:
    """Remove a folder with all that a sandbox may have done to it."""
    try:
        shutil.rmtree(folder)
    except (OSError, RecursionError):
        # Directories that nobody may enter, or thousands deep: the system's own tools know how.
        for tool in (("chmod", "-R", "u+rwX", "--"), ("rm", "-rf", "--")):
            subprocess.run([*tool, str(folder)], check=False, stderr=subprocess.DEVNULL)
        if folder.exists():
            raise


def _try_lock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _reap(folder: Path) -> bool:
    try:
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CLOEXEC)
    except NotADirectoryError:
        return False
    except FileNotFoundError:
        if is_alive(folder.name):  # still being made, or not ours
            return False
        lock = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)  # one that was killed while it removed this
    try:
        if not _try_lock(lock):
            return False
        for note in sorted((folder / "processes").glob("*")):
            _end(int(note.name), note.read_text())
        remove_tree(folder)
        return True
    finally:
        os.close(lock)


def _end(pid: int, started: str) -> None:
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        # Looked at with the descriptor in hand, so that the process cannot become another in between.
        if start_time(pid) == started:
            signal.pidfd_send_signal(fd, signal.SIGKILL)
    except (FileNotFoundError, ProcessLookupError):
        return
    finally:
        os.close(fd)
