"""The cursor that `sql.exec` gives: rows as objects, or raw.

Source: spec durable-objects.md section 6; recordings `cursor_api`, `select_values`, `rows_counters`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import apsw

from edge.durable.database import Database
from edge.js.arrays import JsArray
from edge.js.buffers import JsArrayBuffer
from edge.js.errors import error
from edge.js.iterators import JsIterator
from edge.js.objects import JsObject
from edge.js.proxy import JsProxy
from edge.js.values import to_js_number
from edge.sql.counters import Work, rows_read, rows_written
from edge.sql.errors import sql_error
from edge.sql.runner import Shape

_NO_RESULTS = "Expected exactly one result from SQL query, but got no results."
_MANY_RESULTS = "Expected exactly one result from SQL query, but got multiple results."
_SAFE = 2**53


class Cursor(JsProxy, js_name="Cursor"):
    """The result of one statement, read as it is asked for."""

    __slots__ = ("_bindings", "_changes", "_columns", "_cursor", "_database", "_done", "_returned", "_shape")

    def __init__(
        self,
        database: Database,
        cursor: apsw.Cursor,
        shape: Shape,
        *,
        bindings: tuple[Any, ...],
        changes: int,
    ) -> None:
        self._database = database
        self._cursor = cursor
        self._shape = shape
        self._columns = shape.columns
        self._bindings = bindings
        self._changes = changes
        self._returned = 0
        self._done = False

    def _row(self) -> tuple[Any, ...] | None:
        """The next row; numbers, text, bytes and None."""
        if self._done:
            return None
        try:
            row: tuple[Any, ...] | None = self._cursor.fetchone()
        except apsw.Error as failure:
            self._done = True
            raise sql_error(failure) from failure
        if row is None:
            self._done = True
            return None
        self._returned += 1
        return row

    def _rows(self) -> list[tuple[Any, ...]]:
        """All rows that are left."""
        if self._done:
            return []
        self._done = True
        try:
            rows: list[tuple[Any, ...]] = self._cursor.fetchall()
        except apsw.Error as failure:
            raise sql_error(failure) from failure
        self._returned += len(rows)
        return rows

    def _object(self, row: tuple[Any, ...]) -> JsObject:
        return JsObject(dict(zip(self._columns, map(_shown, row), strict=True)))

    def next(self) -> JsObject:
        row = self._row()
        if row is None:
            return JsObject({"done": True, "value": None})
        return JsObject({"done": False, "value": self._object(row)})

    def __iter__(self) -> Iterator[JsObject]:
        while (row := self._row()) is not None:
            yield self._object(row)

    def toArray(self) -> JsArray:
        return JsArray([self._object(row) for row in self._rows()])

    def one(self) -> JsObject:
        row = self._row()
        if row is None:
            raise error(_NO_RESULTS)
        if self._row() is not None:
            self._done = True
            self._cursor.close(force=True)
            raise error(_MANY_RESULTS)
        return self._object(row)

    def raw(self) -> JsIterator:
        return JsIterator(self._raw())

    def _raw(self) -> Iterator[JsArray]:
        while (row := self._row()) is not None:
            yield JsArray([_shown(value) for value in row])

    @property
    def columnNames(self) -> JsArray:
        return JsArray(list(self._columns))

    @property
    def rowsRead(self) -> int:
        return rows_read(self._database.connection, self._work())

    @property
    def rowsWritten(self) -> int:
        return rows_written(self._database.connection, self._work())

    def _work(self) -> Work:
        return Work(self._shape.sql, self._bindings, self._returned, self._changes, self._shape.read_only)


def _shown(value: Any) -> Any:
    """A value of SQLite as JavaScript shows it: 64-bit integers lose precision as doubles do."""
    kind = type(value)
    if kind is str or value is None:
        return value
    if kind is int:
        return value if -_SAFE < value < _SAFE else float(value)
    if kind is float:
        return to_js_number(value)
    return JsArrayBuffer(value)
