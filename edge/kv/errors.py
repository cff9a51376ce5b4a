"""When storage itself fails: nothing the Worker did wrong, nothing it can mend."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from edge.errors import EdgeError


class KvStorageError(EdgeError):
    """The namespace's file cannot be read or written: disk full, locked by another process, corrupt,
    closed. The message carries SQLite's own words and the path; bindings show it with status 500."""


@contextmanager
def storage_errors(where: str) -> Iterator[None]:
    """Turn what SQLite and the file system raise into `KvStorageError`, naming the file."""
    try:
        yield
    except (sqlite3.Error, OSError, ValueError) as error:  # ValueError: aiosqlite's "Connection closed"
        raise KvStorageError(f"{error} ({where})") from error
