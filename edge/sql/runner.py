"""Runs user SQL on a database: what it may do is asked while it is compiled, its errors get the
platform's texts, and a write begins the implicit transaction.

Source: spec durable-objects.md section 6, corrections section 6; recordings durable_sql.json.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import apsw

from edge.js.errors import JsException, error
from edge.sql.database import SqlDatabase
from edge.sql.errors import sql_error, sql_text
from edge.sql.logic import rules
from edge.sql.logic.rules import Verdict
from edge.sql.statements import statements

_SHAPES_MAX = 500
_SCHEMA_WORDS = ("create", "alter", "drop")


@dataclass(frozen=True, slots=True)
class Shape:
    """What is known of a statement once it is compiled."""

    sql: str
    read_only: bool
    columns: tuple[str, ...]


#: A statement that ran up to its first row: its cursor, its shape, and how many rows it changed.
Ran = tuple[apsw.Cursor, Shape, int]


def _nothing() -> None:
    """Nobody wants to know."""


class Runner:
    """User SQL on one database. `wrote` hears of each statement that writes; `failed` makes the error of
    what SQLite refuses."""

    __slots__ = ("_database", "_failed", "_shapes", "_sql", "_verdict", "_wrote")

    def __init__(
        self,
        database: SqlDatabase,
        *,
        wrote: Callable[[], None] = _nothing,
        failed: Callable[[apsw.Error], JsException] = sql_error,
    ) -> None:
        self._database = database
        self._wrote = wrote
        self._failed = failed
        self._shapes: dict[str, Shape] = {}
        self._sql = ""
        self._verdict = Verdict.ALLOW

    def exec(self, sql: str, bindings: tuple[Any, ...]) -> Ran:
        """Run all statements of a text, the last one with the bindings and only up to its first row.

        Raises JsException with the platform's text.
        """
        if "\0" in sql:
            sql = sql[: sql.index("\0")]  # where SQLite stops reading
        if ";" in sql or not rules.has_statement(sql):
            *before, sql = statements(sql)
            for statement in before:
                self._run_before_last(statement)
        return self._run(sql, bindings)

    def _run_before_last(self, sql: str) -> None:
        try:
            cursor, _, _ = self._run(sql, ())
            cursor.fetchall()
        except apsw.Error as failure:
            raise sql_error(failure) from failure
        except JsException as failure:
            if failure.message == rules.WRONG_BINDINGS:
                raise error(rules.ONLY_LAST_HAS_PARAMETERS) from failure
            raise

    def _run(self, sql: str, bindings: tuple[Any, ...]) -> Ran:
        if len(sql) > rules.LIMITS["SQL_LENGTH"]:
            raise error(rules.TOO_LONG)
        database = self._database
        connection = database.connection
        cursor = connection.cursor()
        shape = self._shapes.get(sql)
        if shape is None:
            # Known before the first step: whether a transaction is needed, and the columns, which
            # SQLite does not tell any more once a result turned out to be empty.
            cursor.exec_trace = self._look
        elif not shape.read_only:
            database.begin()
        before = connection.total_changes()
        self._sql = sql
        database.authorizer = self._authorize
        try:
            # A statement from the cache may tell the columns of the schema before.
            cursor.execute(sql, bindings, can_cache=shape is not None)
        except apsw.Error as failure:
            database.authorizer = None  # a rollback is ours
            raise self._refusal(failure) from failure
        finally:
            database.authorizer = None
        if shape is None:
            shape = self._shapes[sql]
        if not shape.read_only:
            self._wrote()
            if sql.lstrip()[:6].lower().startswith(_SCHEMA_WORDS):
                self._shapes.clear()  # `SELECT *` has other columns from now on
                database.schema_changed()
        return cursor, shape, connection.total_changes() - before

    def _look(self, cursor: apsw.Cursor, _sql: str, _bindings: Any) -> bool:
        """The statement is compiled and about to run."""
        if len(self._shapes) >= _SHAPES_MAX:
            self._shapes.clear()
        columns = tuple(name for name, _ in cursor.get_description())
        self._shapes[self._sql] = shape = Shape(self._sql, cursor.is_readonly, columns)
        if not shape.read_only:
            # BEGIN is ours: user SQL may not say it, and the first of a connection is compiled here.
            database = self._database
            authorizer, database.authorizer = database.authorizer, None
            database.begin()
            database.authorizer = authorizer
        return True

    def _authorize(self, action: int, first: str | None, second: str | None) -> bool:
        verdict = rules.decide(action, first, second, self._sql)
        if verdict is Verdict.ALLOW:
            return True
        self._verdict = verdict
        return False

    def _refusal(self, failure: apsw.Error) -> JsException:
        """The platform's text for an error of SQLite."""
        verdict, self._verdict = self._verdict, Verdict.ALLOW
        if verdict is Verdict.TRANSACTION:
            return error(rules.TRANSACTION_REFUSED)
        if verdict is Verdict.UNKNOWN_FUNCTION:
            return error(sql_text(failure).replace("not authorized to use function", "no such function"))
        return self._failed(failure)

    def forget(self) -> None:
        """The schema may have changed behind the back of this runner: what is known of statements is void."""
        self._shapes.clear()
