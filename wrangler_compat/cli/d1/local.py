"""A database on this machine, beside whatever else has it open: `edge dev`, `wrangler dev`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from edge.d1.dump import CannotDump
from edge.d1.open import database_path
from edge.d1.store import Answer, Cell, Query, QueryFailed, Store
from edge.errors import UserError
from edge.kernel.clock import WallClock
from wrangler_compat.cli.d1.access import Result
from wrangler_compat.cli.d1.sql_text import split
from wrangler_compat.cli.loop import running
from wrangler_compat.cli.state_failure import is_of_the_file, state_failure


@contextmanager
def local_database(database_id: str, state_dir: Path) -> Iterator[LocalDatabase]:
    """The database `database_id` below `state_dir`; its file is made by its first use."""
    path = database_path(state_dir, database_id)
    with running() as runner:
        store = Store(path, WallClock())
        try:
            yield LocalDatabase(store, runner, database_id, path)
        finally:
            runner.run(store.close())


class LocalDatabase:
    """What the commands do with it."""

    def __init__(self, store: Store, runner: asyncio.Runner, database_id: str, path: Path) -> None:
        self._store = store
        self._runner = runner
        self._id = database_id
        self._path = path

    def run(self, statements: Sequence[str]) -> list[Result]:
        """Run statements as one transaction, on disk on return."""
        try:
            answers = self._runner.run(self._store.run([Query(statement) for statement in statements]))
        except QueryFailed as failure:
            if is_of_the_file(failure.text):
                raise state_failure(f'the D1 database "{self._id}"', self._path, failure) from failure
            raise UserError(failure.text) from None
        return [Result(_rows(answer), round(answer.meta.duration_ms)) for answer in answers]

    def ingest(self, sql: str) -> list[Result]:
        """Run a text of SQL as one transaction."""
        return self.run(split(sql))

    def dump(self, tables: Sequence[str], *, schema: bool, data: bool) -> str:
        """The database of one moment as SQL."""
        if not self._path.exists():
            raise UserError(f'there is no local data of the D1 database "{self._id}" ({self._path})')
        try:
            return self._runner.run(self._store.dump(tables=tables, schema=schema, data=data))
        except CannotDump as refusal:
            raise UserError(str(refusal)) from None
        except QueryFailed as failure:
            raise state_failure(f'the D1 database "{self._id}"', self._path, failure) from failure


def _rows(answer: Answer) -> list[dict[str, object]]:
    return [
        {column: _shown(cell) for column, cell in zip(answer.columns, row, strict=True)}
        for row in answer.rows
    ]


def _shown(cell: Cell) -> object:
    """BLOBs are lists of numbers in the answers of D1, and texts of them in wrangler's."""
    return f"[{', '.join(map(str, cell))}]" if isinstance(cell, list) else cell
