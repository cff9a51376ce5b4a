"""Runs the queries of one database, one request after the other.

A request is a list of queries and one transaction: all of it or nothing. Requests that arrive while others
run are served together afterwards, in one trip to a thread and with one durable commit. Should that commit
fail, each is served again by itself, so that nobody suffers for another's mistake.

Sources: spec runtime.md section 13; recordings `d1_basic`, `d1_errors`.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import math
import re
from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw

from edge.d1.dump import dump
from edge.js.errors import JsException
from edge.js.values import to_js_number
from edge.kernel.clock import Clock, VirtualClock
from edge.kernel.tasks import spawn
from edge.kernel.threads import offload
from edge.sql.counters import Work, rows_read, rows_written
from edge.sql.database import SqlDatabase, bookmark_text
from edge.sql.errors import sql_text
from edge.sql.runner import Runner

NO_STATEMENTS = "No SQL statements detected."
_COMMENT_LINE = re.compile(r"^[^\S\n]*--.*", re.MULTILINE)
_PRAGMA = re.compile(r"\bpragma\b", re.IGNORECASE)
_SAVEPOINT = "_edge_request"
_SAFE = 2**53

#: What a cell may hold: BLOBs are lists of numbers, as in the JSON that the platform's answers travel in.
Cell = None | int | float | str | list[int]


class QueryFailed(Exception):
    """The database's answer to a bad request; bindings put their own word before it."""

    def __init__(self, text: str) -> None:
        assert text, "a failure says why"
        self.text = text
        super().__init__(text)


@dataclass(frozen=True, slots=True)
class Query:
    """A text and its parameters, as SQLite takes them."""

    sql: str
    parameters: tuple[None | float | str | bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Meta:
    """What a query did and cost."""

    duration_ms: float
    changes: int
    last_row_id: int
    changed_db: bool
    size_after_bytes: int
    rows_read: int
    rows_written: int


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows of a query."""

    columns: tuple[str, ...]
    rows: list[list[Cell]]
    meta: Meta


class _Request:
    """Queries on their way, and what became of them."""

    __slots__ = ("answers", "done", "failure", "queries")

    def __init__(self, queries: Sequence[Query]) -> None:
        self.queries = queries
        self.answers: list[Answer] = []
        self.failure: str | None = None
        self.done: asyncio.Future[None] | None = None

    def settle(self) -> None:
        if self.done is not None and not self.done.done():
            self.done.set_result(None)

    def outcome(self) -> list[Answer]:
        if self.failure is not None:
            raise QueryFailed(self.failure)
        return self.answers


class _TransactionLost(Exception):
    """What several requests wrote together is gone."""


class Store:
    """One database at `path`, or in memory when it is None; nothing is on disk until its first use."""

    def __init__(self, path: Path | None, clock: Clock, *, synchronous: str = "FULL") -> None:
        self._clock = clock
        self._database = SqlDatabase(path, synchronous=synchronous)
        self._runner = Runner(self._database)
        self._inline = path is None or isinstance(clock, VirtualClock)
        self._waiting: list[_Request] = []
        self._serving: asyncio.Task[None] | None = None
        self._size_bytes: int | None = None
        self.closed = False
        #: Counted up by SQLite when another connection wrote: `wrangler dev`, or a command.
        self._foreign_version: int | None = None
        #: The version of the data, counted up by each commit.
        self._version: int | None = None

    async def run(self, queries: Sequence[Query]) -> list[Answer]:
        """Run `queries` in one transaction; those that are only comments are left out.

        Durable on return. Raises `QueryFailed`, and then nothing has changed.
        """
        kept = [query for query in queries if _COMMENT_LINE.sub("", query.sql).strip()]
        if not kept:
            raise QueryFailed(NO_STATEMENTS)
        if self.closed:
            raise QueryFailed("the database is closed")
        request = _Request(kept)
        if self._inline:
            self._serve([request])
        else:
            request.done = asyncio.get_running_loop().create_future()
            self._waiting.append(request)
            if self._serving is None:
                # It serves all who come meanwhile, so it belongs to none of their contexts.
                self._serving = spawn(self._serve_waiting(), name="d1.serve", context=contextvars.Context())
            await request.done
        return request.outcome()

    async def dump(self, *, tables: Collection[str] = (), schema: bool = True, data: bool = True) -> str:
        """The database of one moment as SQL that makes it anew (`edge.d1.dump`). Raises CannotDump, and
        `QueryFailed` when the file cannot be read."""

        def read(connection: apsw.Connection) -> str:
            with connection:
                lines = list(dump(connection, tables=tables, schema=schema, data=data))
            return "\n".join(lines)

        def dumped() -> str:
            path = self._database.path
            if path is None or not path.exists():
                return read(self._database.connection)
            # Beside our own connection, which may be at work on requests.
            with closing(apsw.Connection(str(path))) as beside:
                return read(beside)

        try:
            return dumped() if self._inline else await offload(self._clock, dumped)
        except apsw.Error as failure:
            raise QueryFailed(sql_text(failure)) from failure

    @property
    def bookmark(self) -> str:
        """The version of the data that the latest answer was about."""
        return bookmark_text(self._version or 0)

    async def close(self) -> None:
        """Finish what is under way and close the file; every later use raises `QueryFailed`."""
        self.closed = True
        if self._serving is not None:
            await asyncio.gather(self._serving, return_exceptions=True)
        self._database.close()

    async def _serve_waiting(self) -> None:
        batch: list[_Request] = []
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                await offload(self._clock, functools.partial(self._serve, batch))
                for request in batch:
                    request.settle()
        except BaseException as reason:
            self._give_up()
            for request in batch + self._waiting:
                request.failure = f"internal error: {reason!r}"
                request.settle()
            self._waiting = []
            raise
        finally:
            self._serving = None

    # -- in the thread

    def _serve(self, batch: list[_Request]) -> None:
        self._heed_foreign_writes()
        try:
            self._serve_together(batch)
        except _TransactionLost:
            for request in batch:
                self._serve_together([request])

    def _serve_together(self, batch: list[_Request]) -> None:
        for request in batch:
            self._attempt(request)
        if self._database.in_transaction:
            try:
                self._commit()
            except apsw.Error as failure:
                self._give_up()
                if len(batch) > 1:
                    raise _TransactionLost from failure
                batch[0].failure = sql_text(failure)

    def _heed_foreign_writes(self) -> None:
        """What is known of the schema, the size and the version is void when another program wrote."""
        try:
            seen = self._database.connection.pragma("data_version")
        except (apsw.Error, OSError):
            return  # the queries meet it, too, and say it
        if seen != self._foreign_version:
            self._foreign_version = seen
            self._version = None
            self._forget()

    def _attempt(self, request: _Request) -> None:
        database = self._database
        request.failure = None
        joins = database.in_transaction
        try:
            if joins:
                database.savepoint(_SAVEPOINT)
            elif any(_PRAGMA.search(query.sql) for query in request.queries):
                database.begin()  # some settings must not be reachable, and are not inside a transaction
            request.answers = [self._query(query) for query in request.queries]
            if joins:
                database.release(_SAVEPOINT)
        except (JsException, apsw.Error, OSError) as failure:
            request.failure = _text(failure)
            if database.has_lost_transaction or not joins:
                self._give_up()
                if joins:  # what others wrote is lost with it
                    raise _TransactionLost from failure
            else:
                database.rollback_to(_SAVEPOINT)
                self._forget()

    def _query(self, query: Query) -> Answer:
        started_s = self._clock.monotonic()
        connection = self._database.connection
        if self._version is None:
            self._version = self._database.bookmark()
        size_before = self._size_bytes if self._size_bytes is not None else self._database.size_bytes()
        changes_before, row_id_before = connection.total_changes(), connection.last_insert_rowid()
        cursor, shape, changed = self._runner.exec(query.sql, query.parameters)
        rows = [[_cell(value) for value in row] for row in cursor.fetchall()]
        changes, row_id = connection.total_changes() - changes_before, connection.last_insert_rowid()
        size_after = self._size_bytes = size_before if shape.read_only else self._database.size_bytes()
        if shape.columns:
            changed = changes  # RETURNING: the changes count when all rows were read
        work = Work(shape.sql, query.parameters, len(rows), changed, shape.read_only)
        meta = Meta(
            duration_ms=(self._clock.monotonic() - started_s) * 1000,
            changes=changes,
            last_row_id=row_id,
            changed_db=changes != 0 or row_id != row_id_before or size_after != size_before,
            size_after_bytes=size_after,
            rows_read=rows_read(connection, work),
            rows_written=rows_written(connection, work),
        )
        return Answer(shape.columns, rows, meta)

    def _commit(self) -> None:
        database = self._database
        row_id = database.connection.last_insert_rowid()
        number = database.next_bookmark()
        if not number:
            self._size_bytes = None  # its table was made just now
        self._version = number + 1
        database.connection.set_last_insert_rowid(row_id)  # the user's own, not that of our bookmark
        database.commit()

    def _give_up(self) -> None:
        self._database.rollback()
        self._version = None
        self._forget()

    def _forget(self) -> None:
        self._size_bytes = None
        self._runner.forget()


def _text(failure: Exception) -> str:
    if isinstance(failure, JsException):
        return str(failure.message)
    return sql_text(failure)


def _cell(value: Any) -> Cell:
    """A value of SQLite as it comes out of the platform's JSON."""
    kind = type(value)
    if kind is str or value is None:
        return value  # type: ignore[no-any-return]
    if kind is int:
        return value if -_SAFE < value < _SAFE else float(value)
    if kind is float:
        return to_js_number(value) if math.isfinite(value) else None
    return list(value)
