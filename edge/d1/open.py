"""Opening databases: bindings with the same id are the same database."""

from __future__ import annotations

from pathlib import Path

from edge.d1.binding import D1Database
from edge.d1.store import Store
from edge.kernel.clock import Clock
from edge.sql.location import object_path


def database_path(state: Path, database_id: str) -> Path:
    """The file of a database below the state directory, as `wrangler dev` has it."""
    return object_path(state, "d1", "miniflare-D1DatabaseObject", database_id)


def open_database(
    database_id: str, directory: Path | None, clock: Clock, *, synchronous: str = "FULL"
) -> D1Database:
    """A binding of the database `database_id`; see `open_store`."""
    return D1Database(open_store(database_id, directory, clock, synchronous=synchronous))


def open_store(database_id: str, directory: Path | None, clock: Clock, *, synchronous: str = "FULL") -> Store:
    """The database `database_id`, below the state directory or in memory when that is None.

    Nothing is on disk until its first use. Its owner opens each id once.
    """
    path = None if directory is None else database_path(directory, database_id)
    return Store(path, clock, synchronous=synchronous)
