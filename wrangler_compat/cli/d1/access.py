"""What the commands do with a database, wherever it is."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from wrangler_compat.cli.d1.target import configured, find_database
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

    def ingest(self, sql: str) -> list[Result]:
        """Run a text of SQL, however long it is, as one transaction."""
        ...

    def dump(self, tables: Sequence[str], *, schema: bool, data: bool) -> str:
        """The database as SQL."""
        ...


@dataclass(frozen=True, slots=True)
class Opened:
    """A database, and how messages call it."""

    access: Access
    shown: str
    hint: str

    def announce(self, doing: str = "Executing on", to: str = "execute on") -> None:
        """Say which database is meant, and how to mean the other one."""
        say(f"🌀 {doing} {self.shown}:")
        say(f"🌀 To {to} {self.hint}")


@contextmanager
def opened(
    place: Place, called: str, *, preview: bool = False, tell: Callable[[str], object] = say
) -> Iterator[Opened]:
    """The database of the name or binding `called`; `tell` hears of the steps of long work. Raises
    UserError."""
    if place.remote:
        from wrangler_compat.cli.d1.remote import RemoteDatabase, database_id
        from wrangler_compat.cli.remote import account_of

        with account_of(place.project) as account:
            found = database_id(account, configured(place.project, called), called, preview=preview)
            yield Opened(
                RemoteDatabase(account, found, tell),
                f"remote database {called} ({found})",
                "your local development database, remove the --remote flag from your wrangler command.",
            )
        return
    from wrangler_compat.cli.d1.local import local_database

    database = find_database(place.project, called)
    where = os.path.relpath(place.state_dir / "v3" / "d1")
    with local_database(database.local_id, place.state_dir) as local:
        yield Opened(
            local,
            f"local database {called} ({database.local_id}) from {where}",
            "your remote database, add a --remote flag to your wrangler command.",
        )
