"""Opening files of a sandbox from outside: every path is resolved inside its root by the kernel.

`openat2` with RESOLVE_IN_ROOT treats the root's descriptor as `/`, for `..`, absolute links and all; the
magic links of /proc are refused. What a program inside swaps under our feet never leads out. Source:
openat2(2).
"""

from __future__ import annotations

import ctypes
import os
import struct

_libc = ctypes.CDLL(None, use_errno=True)
_SYS_OPENAT2 = 437
_RESOLVE_NO_MAGICLINKS = 0x02
_RESOLVE_IN_ROOT = 0x10
_RETRIES = 16  # EAGAIN: something on the path was being renamed


def open_inside(root_fd: int, path: str, flags: int, mode: int = 0) -> int:
    """A descriptor of `path` in the root `root_fd`. Raises the OSError that open() would."""
    how = struct.pack("QQQ", flags | os.O_CLOEXEC, mode, _RESOLVE_IN_ROOT | _RESOLVE_NO_MAGICLINKS)
    raw = os.fsencode(path)
    if b"\0" in raw:
        raise FileNotFoundError(2, "No such file or directory", path)
    for _ in range(_RETRIES):
        fd: int = _libc.syscall(_SYS_OPENAT2, root_fd, raw, how, ctypes.c_size_t(len(how)))
        if fd >= 0:
            return fd
        number = ctypes.get_errno()
        if number != 11:  # EAGAIN
            break
    raise OSError(number, os.strerror(number), path)


def split(path: str) -> tuple[str, str]:
    """The directory and the last name of an absolute path; the name is "" for the root itself."""
    trimmed = path.rstrip("/")
    parent, _, name = trimmed.rpartition("/")
    if name in (".", ".."):  # not a name to create or remove
        raise OSError(22, "Invalid argument", path)
    return parent or "/", name


def open_parent(root_fd: int, path: str) -> tuple[int, str]:
    """A descriptor of the directory that holds `path`, and the name there."""
    parent, name = split(path)
    if not name:
        raise IsADirectoryError(21, "Is a directory", path)
    return open_inside(root_fd, parent, os.O_PATH | os.O_DIRECTORY), name
