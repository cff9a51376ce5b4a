"""What the commands do with a database, wherever it is."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from edge.errors import UnsupportedError
from wrangler_compat.cli.d1.target import Database
from wrangler_compat.cli.flags import Place
from wrangler_compat.cli.saying import say


@dataclass(frozen=True, slots=True)
class Result:
    """What one statement gave."""

    rows: list[dict[str, Any]]
    duration_ms: float = 0
    meta: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """As wrangler prints it."""
        return {"results": self.rows, "success": True, "meta": {"duration": self.duration_ms, **self.meta}}


class Access(Protocol):
    """A database. Every method raises UserError when it is refused or fails; then nothing has changed."""

    def run(self, statements: Sequence[str]) -> list[Result]:
        """Run statements as one transaction."""
        ...

    def dump(self, tables: Sequence[str], *, schema: bool, data: bool) -> Iterator[str]:
        """The database as SQL, in pieces that make the text when they are joined."""
        ...


@contextmanager
def opened(place: Place, database: Database) -> Iterator[Access]:
    """The database in `place`. Raises UserError."""
    if place.remote:
        raise UnsupportedError("--remote is not there yet: this command works on the data of this machine")
    from wrangler_compat.cli.d1.local import local_database

    with local_database(database.local_id, place.state_dir) as found:
        yield found


def announce(place: Place, database: Database, doing: str = "Executing on", to: str = "execute on") -> None:
    """Say which database is meant."""
    where = os.path.relpath(place.state_dir / "v3" / "d1")
    say(f"🌀 {doing} local database {database.called} ({database.local_id}) from {where}:")
    say(f"🌀 To {to} your remote database, add a --remote flag to your wrangler command.")
