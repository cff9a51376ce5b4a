"""From the errors of a file system to those of the API. Pure.

Source: spec sandbox-and-containers.md sections 5.2 and 8.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from sandbox.server.errors import ApiError

_CODES = {
    errno.ENOENT: ("FILE_NOT_FOUND", "File not found: {path}"),
    errno.EISDIR: ("IS_DIRECTORY", "Path is a directory: {path}"),
    errno.ENOTDIR: ("NOT_DIRECTORY", "Path is not a directory: {path}"),
    errno.EACCES: ("PERMISSION_DENIED", "Permission denied: {path}"),
    errno.EPERM: ("PERMISSION_DENIED", "Permission denied: {path}"),
    errno.EROFS: ("READ_ONLY", "File system is read-only: {path}"),
    errno.EEXIST: ("FILE_EXISTS", "File already exists: {path}"),
    errno.ENAMETOOLONG: ("NAME_TOO_LONG", "File name too long: {path}"),
}


@contextmanager
def told(operation: str, path: str, *, missing: str | None = None) -> Iterator[None]:
    """Turn an OSError inside into the ApiError of `operation` on `path`; `missing` replaces the text for a
    file that is not there."""
    try:
        yield
    except OSError as error:
        code, text = _CODES.get(
            error.errno or 0, ("FILESYSTEM_ERROR", f"{operation} operation failed: {error.strerror}")
        )
        if code == "FILE_NOT_FOUND" and missing is not None:
            text = missing
        raise ApiError(code, text.format(path=path), {"path": path, "operation": operation}) from error
