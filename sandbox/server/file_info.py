"""Entries of directories in the shape the Sandbox SDK gives them. Pure.

Source: spec sandbox-and-containers.md section 5.2 (`FileInfo`).
"""

from __future__ import annotations

from typing import Any

from edge.containers.engine import FileStat
from sandbox.server.reply import iso


def mode_text(mode: int) -> str:
    """Permission bits as `ls` writes them, without the type: rwxr-xr-x."""
    return "".join(letter if mode >> (8 - bit) & 1 else "-" for bit, letter in enumerate("rwxrwxrwx"))


def file_info(entry: FileStat, listed: str) -> dict[str, Any]:
    """The FileInfo of `entry`, found while the directory `listed` was listed."""
    base = listed.rstrip("/") + "/"
    return {
        "name": entry.path.rpartition("/")[2],
        "absolutePath": entry.path,
        "relativePath": entry.path.removeprefix(base),
        "type": entry.kind,
        "size": entry.size,
        "modifiedAt": iso(entry.mtime_s * 1000),
        "mode": mode_text(entry.mode),
        "permissions": {
            "readable": bool(entry.mode & 0o400),
            "writable": bool(entry.mode & 0o200),
            "executable": bool(entry.mode & 0o100),
        },
    }
