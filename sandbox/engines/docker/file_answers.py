"""What the shell of a container answers about files (`files.sh`). Pure: no I/O."""

from __future__ import annotations

import errno
import os
import re
import stat as modes
from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from edge.containers.engine import FileStat

#: Words of tools, shells and other C libraries where glibc has its own.
_WORDS = {os.strerror(number): number for number in errno.errorcode} | {
    "Directory nonexistent": errno.ENOENT,
    "nonexistent directory": errno.ENOENT,
    "Filename too long": errno.ENAMETOOLONG,
    "Symbolic link loop": errno.ELOOP,
    "Cannot fork": errno.EAGAIN,
    "File size limit exceeded": errno.EFBIG,
}
_PHRASES = (
    (re.compile(r"overwrite non-directory .* with directory"), errno.ENOTDIR),
    (re.compile(r"overwrite directory .* with non-directory|' is a directory$"), errno.EISDIR),
)


def failure(complaint: bytes, path: str, target: str | None = None) -> OSError:
    """The error that a tool complained of, of the class that fits it."""
    lines = complaint.decode("utf-8", "replace").strip().splitlines()
    last = lines[-1] if lines else "it failed without a word"
    number = _WORDS.get(last.rpartition(": ")[2])
    if number is None:
        number = next((known for phrase, known in _PHRASES if phrase.search(last)), None)
    if number is None:
        return OSError(errno.EIO, last, path)
    return OSError(number, os.strerror(number), path, None, target)


def described(path: str, answer: bytes) -> FileStat:
    """One entry from `mode size time`."""
    mode, size, time = answer.decode().strip().split(" ", 2)
    raw = int(mode, 16)
    kind: Literal["file", "directory", "symlink", "other"] = "other"
    if modes.S_ISREG(raw):
        kind = "file"
    elif modes.S_ISDIR(raw):
        kind = "directory"
    elif modes.S_ISLNK(raw):
        kind = "symlink"
    return FileStat(path, kind, int(size), _seconds(time), modes.S_IMODE(raw))


def listed(token: bytes, answer: bytes) -> Iterator[FileStat]:
    """The entries of a listing; names may hold anything but the token."""
    for record in answer.split(token)[1:]:
        mode, size, day, time, zone, name = record.removesuffix(b"\n").split(b" ", 5)
        yield described(os.fsdecode(name), b" ".join((mode, size, day, time, zone)))


def _seconds(time: str) -> float:
    """From `2026-11-29 09:09:01.093487320 +0000`."""
    moment, _, rest = time.partition(".")
    fraction, _, zone = rest.partition(" ")
    begun = datetime.strptime(f"{moment} {zone}", "%Y-%m-%d %H:%M:%S %z")
    return begun.timestamp() + float(f"0.{fraction}")
