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
from edge.durable.sql_cursor import Cursor
from edge.durable.sql_errors import query_error
from edge.js.buffers import buffer_bytes
from edge.js.errors import JsException
from edge.js.functions import js_method
from edge.js.proxy import JsNull, JsProxy
from edge.js.webidl import to_string, wrong_type
from edge.sql.runner import Runner


class SqlStorage(JsProxy, js_name="SqlStorage"):
    """The SQL API of one object."""

    __slots__ = ("_commits", "_database", "_runner")

    def __init__(self, database: Database, commits: Commits) -> None:
        self._database = database
        self._commits = commits
        self._runner = Runner(database, wrote=lambda: commits.wrote(unconfirmed=False), failed=self._failed)

    @js_method
    def exec(self, query: Any = None, *bindings: Any) -> Cursor:
        if query is None:
            raise wrong_type("exec", "SqlStorage", 1, "String")
        bound = tuple([_bound(value) for value in bindings])
        cursor, shape, changes = self._runner.exec(query if type(query) is str else to_string(query), bound)
        return Cursor(self._database, cursor, shape, bindings=bound, changes=changes)

    @property
    def databaseSize(self) -> int:
        return self._database.size_bytes()

    def _failed(self, failure: apsw.Error) -> JsException:
        return (
            self._commits.write_failed(failure)
            if self._database.in_transaction
            else query_error(failure, self._database)
        )


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
