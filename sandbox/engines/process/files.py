"""The files of a sandbox, read and written from outside without entering it.

New files belong to the sandbox's root user. Small operations run on the loop, because a thread costs more
than they do.
"""

from __future__ import annotations

import os
import stat as modes
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Literal, TypeVar

from edge.containers.engine import ContainerGone, FileStat
from edge.kernel.clock import Clock
from edge.kernel.threads import offload
from sandbox.engines.process.paths import open_inside, open_parent, split

_T = TypeVar("_T")
_INLINE_BYTES = 1024 * 1024
_DEPTH_MAX = 128  # each level keeps a descriptor open
_LINKS_MAX = 40  # as the kernel


class RootFiles:
    """Implements `edge.containers.engine.Files` on the directory that is a sandbox's root."""

    def __init__(self, clock: Clock, root_fd: int, owner: int | None) -> None:
        """Takes over `root_fd`. `owner`: the host's id of the sandbox's root; None when it is this user."""
        self._clock = clock
        self._fd = root_fd
        self._owner = owner
        self._writes = 0
        # The host may be root: what it may write in /proc, and read there, is more than a sandbox may.
        self._proc_device = _device_of(root_fd, "/proc")

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    async def stat(self, path: str, *, follow: bool = True) -> FileStat:
        fd = self._open(path, os.O_PATH | (0 if follow else os.O_NOFOLLOW))
        try:
            return _describe(path, os.fstat(fd))
        finally:
            os.close(fd)

    async def read(self, path: str, *, chunk_bytes: int = 65536) -> AsyncIterator[bytes]:
        fd = self._open_to_read(path)
        try:
            while data := await self._run(chunk_bytes, lambda: os.read(fd, chunk_bytes)):
                yield data
        finally:
            os.close(fd)

    async def write(
        self, path: str, content: bytes | AsyncIterator[bytes], *, parents: bool = False, mode: int = 0o644
    ) -> int:
        """Create or replace a file at once; one that exists keeps its mode, as it would when written to."""
        if parents:
            self._make_directories(split(path)[0])
        folder, name, mode = self._place(path, mode)
        self._writes += 1
        draft = f".{self._writes}.partial"
        try:
            self._forbid_proc(folder, path)
            fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=folder)
            try:
                length = await self._fill(fd, content)
                self._own(fd)
                os.fchmod(fd, mode)
                os.rename(draft, name, src_dir_fd=folder, dst_dir_fd=folder)
            except BaseException:
                os.unlink(draft, dir_fd=folder)
                raise
            finally:
                os.close(fd)
        finally:
            os.close(folder)
        return length

    async def mkdir(self, path: str, *, parents: bool = False) -> None:
        if parents:
            self._make_directories(path)
        else:
            self._make_directory(path)

    async def remove(self, path: str) -> None:
        folder, name = self._parent(path)
        try:
            self._forbid_proc(folder, path)
            _named(path, lambda: os.unlink(name, dir_fd=folder))
        finally:
            os.close(folder)

    async def rename(self, source: str, target: str) -> None:
        source_folder, source_name = self._parent(source)
        try:
            target_folder, target_name = self._parent(target)
            try:
                os.rename(source_name, target_name, src_dir_fd=source_folder, dst_dir_fd=target_folder)
            except OSError as error:
                raise OSError(error.errno, error.strerror, source, None, target) from None
            finally:
                os.close(target_folder)
        finally:
            os.close(source_folder)

    async def list(self, path: str, *, recursive: bool = False) -> list[FileStat]:
        fd = self._open(path, os.O_RDONLY | os.O_DIRECTORY)
        prefix = path.rstrip("/") + "/"
        if recursive:
            return await offload(self._clock, lambda: list(_walk(fd, prefix)))
        try:
            return list(_entries(fd, prefix))
        finally:
            os.close(fd)

    # -- how

    def _open(self, path: str, flags: int) -> int:
        if self._fd < 0:
            raise ContainerGone("the sandbox has ended")
        return open_inside(self._fd, path, flags)

    def _parent(self, path: str) -> tuple[int, str]:
        if self._fd < 0:
            raise ContainerGone("the sandbox has ended")
        return open_parent(self._fd, path)

    def _open_to_read(self, path: str) -> int:
        # Not blocking: the path may be a pipe that nobody writes to.
        fd = self._open(path, os.O_RDONLY | os.O_NONBLOCK)
        found = os.fstat(fd)
        try:
            if modes.S_ISDIR(found.st_mode):
                raise IsADirectoryError(21, "Is a directory", path)
            if not modes.S_ISREG(found.st_mode):
                raise OSError(22, "Not a regular file", path)
            if found.st_dev == self._proc_device and not found.st_mode & modes.S_IROTH:
                raise PermissionError(13, "Permission denied", path)
        except OSError:
            os.close(fd)
            raise
        return fd

    def _place(self, path: str, mode: int) -> tuple[int, str, int]:
        """Where a write to `path` goes, behind links: directory, name, and the mode the file will have."""
        for _ in range(_LINKS_MAX):
            folder, name = self._parent(path)
            try:
                found = os.stat(name, dir_fd=folder, follow_symlinks=False)
                if modes.S_ISLNK(found.st_mode):
                    target = os.readlink(name, dir_fd=folder)
                    path = target if target.startswith("/") else f"{split(path)[0]}/{target}"
                    os.close(folder)
                    continue
                if modes.S_ISDIR(found.st_mode):
                    raise IsADirectoryError(21, "Is a directory", path)
                if not modes.S_ISREG(found.st_mode):
                    raise OSError(22, "Not a regular file", path)
                return folder, name, modes.S_IMODE(found.st_mode)
            except FileNotFoundError:
                return folder, name, mode
            except BaseException:
                os.close(folder)
                raise
        raise OSError(40, "Too many levels of symbolic links", path)

    async def _fill(self, fd: int, content: bytes | AsyncIterator[bytes]) -> int:
        if isinstance(content, bytes | bytearray | memoryview):
            data = content
            await self._run(len(data), lambda: _write_all(fd, data))
            return len(data)
        length = 0
        async for chunk in content:
            await self._run(len(chunk), lambda chunk=chunk: _write_all(fd, chunk))  # type: ignore[misc]
            length += len(chunk)
        return length

    async def _run(self, size: int, work: Callable[[], _T]) -> _T:
        return work() if size <= _INLINE_BYTES else await offload(self._clock, work)

    def _make_directories(self, path: str) -> None:
        made = ""
        for name in path.split("/"):
            if not name:
                continue
            made += "/" + name
            try:
                os.close(self._open(made, os.O_PATH | os.O_DIRECTORY))
            except FileNotFoundError:
                self._make_directory(made)

    def _make_directory(self, path: str) -> None:
        if not path.strip("/"):
            raise FileExistsError(17, "File exists", path)
        folder, name = self._parent(path)
        try:
            self._forbid_proc(folder, path)
            _named(path, lambda: os.mkdir(name, 0o755, dir_fd=folder))
            if self._owner is not None:
                os.chown(name, self._owner, self._owner, dir_fd=folder, follow_symlinks=False)
        finally:
            os.close(folder)

    def _own(self, fd: int) -> None:
        if self._owner is not None:
            os.fchown(fd, self._owner, self._owner)

    def _forbid_proc(self, folder: int, path: str) -> None:
        if os.fstat(folder).st_dev == self._proc_device:
            raise PermissionError(13, "Permission denied", path)


def _device_of(root_fd: int, path: str) -> int:
    fd = open_inside(root_fd, path, os.O_PATH)
    try:
        device = os.fstat(fd).st_dev
        # Without namespaces /proc is an ordinary empty directory on the root's own device.
        return -1 if device == os.fstat(root_fd).st_dev else device
    finally:
        os.close(fd)


def _write_all(fd: int, data: bytes | bytearray | memoryview) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]


def _named(path: str, work: Callable[[], None]) -> None:
    """Name the whole path in an error, not the last part of it."""
    try:
        work()
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from None


def _entries(fd: int, prefix: str) -> Iterator[FileStat]:
    with os.scandir(fd) as found:
        names = sorted(entry.name for entry in found)
    for name in names:
        try:
            yield _describe(prefix + name, os.stat(name, dir_fd=fd, follow_symlinks=False))
        except FileNotFoundError:
            continue  # removed since we looked


def _walk(fd: int, prefix: str, depth: int = 0) -> Iterator[FileStat]:
    try:
        if depth > _DEPTH_MAX:
            raise OSError(36, "Directories are too deep", prefix)
        for entry in _entries(fd, prefix):
            yield entry
            if entry.kind == "directory":
                name = entry.path[len(prefix) :]
                try:
                    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
                    below = os.open(name, flags, dir_fd=fd)
                except (FileNotFoundError, NotADirectoryError):
                    continue  # removed or replaced since we looked
                yield from _walk(below, entry.path + "/", depth + 1)
    finally:
        os.close(fd)


def _describe(path: str, found: os.stat_result) -> FileStat:
    kind: Literal["file", "directory", "symlink", "other"] = "other"
    if modes.S_ISREG(found.st_mode):
        kind = "file"
    elif modes.S_ISDIR(found.st_mode):
        kind = "directory"
    elif modes.S_ISLNK(found.st_mode):
        kind = "symlink"
    return FileStat(path, kind, found.st_size, found.st_mtime, modes.S_IMODE(found.st_mode))
