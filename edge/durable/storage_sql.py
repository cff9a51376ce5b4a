"""`ctx.storage.sql`: SQL over the object's own database.

`exec` is synchronous. It runs all statements of its text, the last one with the bindings and only up to
its first row; the cursor reads on. Statements that write join the turn's transaction.

Source: spec durable-objects.md section 6, corrections section 6; recordings durable_sql.json.
"""

from __future__ import annotations

from typing import Any

import apsw

from edge.durable.commits import Commits
from edge.durable.database import Database
from edge.durable.logic import sql_rules
from edge.durable.logic.sql_rules import Verdict
from edge.durable.sql_cursor import Cursor, Shape
from edge.durable.sql_errors import sql_error, sql_text
from edge.js.buffers import buffer_bytes
from edge.js.errors import JsException, error
from edge.js.functions import js_method
from edge.js.proxy import JsNull, JsProxy
from edge.js.webidl import to_string, wrong_type

_SHAPES_MAX = 500
_BLANKS = " \t\r\n\f"
_SCHEMA_WORDS = ("create", "alter", "drop")


class SqlStorage(JsProxy, js_name="SqlStorage"):
    """The SQL API of one object."""

    __slots__ = ("_commits", "_database", "_shapes", "_sql", "_verdict")

    def __init__(self, database: Database, commits: Commits) -> None:
        self._database = database
        self._commits = commits
        self._shapes: dict[str, Shape] = {}
        self._sql = ""
        self._verdict = Verdict.ALLOW

    @js_method
    def exec(self, query: Any = None, *bindings: Any) -> Cursor:
        if query is None:
            raise wrong_type("exec", "SqlStorage", 1, "String")
        sql = query if type(query) is str else to_string(query)
        if ";" in sql or not sql_rules.has_statement(sql):
            *before, sql = statements(sql)
            for statement in before:
                self._run_before_last(statement)
        return self._run(sql, tuple([_bound(value) for value in bindings]))

    @property
    def databaseSize(self) -> int:
        return self._database.size_bytes()

    def _run_before_last(self, sql: str) -> None:
        try:
            self._run(sql, ()).toArray()
        except JsException as failure:
            if failure.message == sql_rules.WRONG_BINDINGS:
                raise error(sql_rules.ONLY_LAST_HAS_PARAMETERS) from failure
            raise

    def _run(self, sql: str, bindings: tuple[Any, ...]) -> Cursor:
        if len(sql) > sql_rules.LIMITS["SQL_LENGTH"]:
            raise error(sql_rules.TOO_LONG)
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
            raise self._refusal(failure) from failure
        finally:
            database.authorizer = None
        if shape is None:
            shape = self._shapes[sql]
        if not shape.read_only:
            self._wrote(sql)
        changes = connection.total_changes() - before
        return Cursor(database, cursor, shape, bindings=bindings, changes=changes)

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

    def _wrote(self, sql: str) -> None:
        self._commits.wrote(unconfirmed=False)
        if sql.lstrip()[:6].lower().startswith(_SCHEMA_WORDS):
            self._shapes.clear()  # `SELECT *` has other columns from now on
            self._database.schema_changed()

    def _authorize(self, action: int, first: str | None, second: str | None) -> bool:
        verdict = sql_rules.decide(action, first, second, self._sql)
        if verdict is Verdict.ALLOW:
            return True
        self._verdict = verdict
        return False

    def _refusal(self, failure: apsw.Error) -> JsException:
        """The platform's text for an error of SQLite."""
        verdict, self._verdict = self._verdict, Verdict.ALLOW
        if verdict is Verdict.TRANSACTION:
            return error(sql_rules.TRANSACTION_REFUSED)
        if verdict is Verdict.UNKNOWN_FUNCTION:
            return error(sql_text(failure).replace("not authorized to use function", "no such function"))
        return self._commits.write_failed(failure) if self._database.in_transaction else sql_error(failure)


def statements(sql: str) -> list[str]:
    """The text cut into statements. Raises Error when there is none, or none after the last semicolon but
    a comment."""
    found: list[str] = []
    start = 0
    for position in sql_rules.semicolons(sql):
        # A trigger has semicolons inside; SQLite knows where it ends.
        piece = sql[start : position + 1]
        if sql_rules.has_statement(piece) and apsw.complete(piece):
            found.append(piece.lstrip(_BLANKS))  # offsets count from where the statement begins
            start = position + 1
    rest = sql[start:]
    if not found or rest.strip(_BLANKS + ";"):
        if not sql_rules.has_statement(rest):
            raise error(sql_rules.NO_STATEMENT)
        found.append(rest.lstrip(_BLANKS))
    return found


def _bound(value: Any) -> Any:
    """A JavaScript value as a binding: numbers are doubles, what has no slot becomes text."""
    kind = type(value)
    if kind is str or value is None:
        return value
    if kind is int or kind is float:
        return float(value)
    if isinstance(value, JsNull):
        return None
    data = buffer_bytes(value) if isinstance(value, JsProxy) else None
    return to_string(value) if data is None else data
