"""Sessions and prepared statements: where a query is made, sent, and its answer given its shape.

Source: spec runtime.md section 13.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from edge.d1.answers import array_of_objects, execution, first_of, raw_rows
from edge.d1.bound import Parameter, bound
from edge.d1.store import Answer, Query, QueryFailed, Store
from edge.http.buffers import encode_text
from edge.http.subrequests import spend
from edge.js.arrays import JsArray
from edge.js.errors import JsException, error, type_error
from edge.js.functions import js_method
from edge.js.objects import get_property
from edge.js.promise import JsPromise
from edge.js.proxy import JsNull, JsProxy, jsnull
from edge.js.webidl import to_string
from edge.kernel.spans import current_span, span
from edge.kernel.tasks import before_output, output_hold

if TYPE_CHECKING:
    from edge.d1.far import FarStore

FIRST_PRIMARY = "first-primary"
FIRST_UNCONSTRAINED = "first-unconstrained"

_SQL_SHOWN = 200  # characters in a trace
_NO_TEXT = "Failed to parse body as JSON, got: ZodError"
_BORROWED = (
    "This borrowed proxy was automatically destroyed at the end of a generator\n"
    "For more information about the cause of this error, use `pyodide.setDebug(true)`"
)


class D1DatabaseSession(JsProxy, js_name="D1DatabaseSession"):
    """Queries that see at least what the session saw before; here there is one copy, which sees it all."""

    __slots__ = ("_bookmark", "_store")

    def __init__(self, store: Store | FarStore, bookmark_or_constraint: str) -> None:
        self._store = store
        self._bookmark: str | None = (
            None if bookmark_or_constraint in (FIRST_PRIMARY, FIRST_UNCONSTRAINED) else bookmark_or_constraint
        )

    @js_method
    def prepare(self, query: Any = None, *_: Any) -> D1PreparedStatement:
        """A statement of this session. Whether it is one shows when it runs."""
        return D1PreparedStatement(self, query)

    @js_method
    def batch(self, statements: Any = None, *_: Any) -> JsPromise:
        """Run all of `statements` in one transaction."""
        return JsPromise.start(self._batch(statements), name="d1.batch")

    def getBookmark(self) -> Any:
        """The latest bookmark, null before the first query."""
        return jsnull if self._bookmark is None else self._bookmark

    async def _batch(self, statements: Any) -> JsArray:
        queries = [statement._query() for statement in _statements(statements)]
        return JsArray([array_of_objects(answer) for answer in await self._send(queries)])

    async def _send(self, queries: Sequence[Query]) -> list[Answer]:
        try:
            answers = await self._run(queries)
        except QueryFailed as failed:
            raise error(f"D1_ERROR: {failed.text}") from failed
        self._saw(self._store.bookmark)
        return answers

    async def _run(self, queries: Sequence[Query]) -> list[Answer]:
        spend()
        if output_hold.get() is not None:
            await before_output()
        if current_span.get() is None:
            return await self._store.run(queries)
        with span("d1.query", sql=queries[0].sql[:_SQL_SHOWN] if queries else "", statements=len(queries)):
            return await self._store.run(queries)

    def _saw(self, bookmark: str) -> None:
        if self._bookmark is None or self._bookmark < bookmark:
            self._bookmark = bookmark


class PrimarySession(D1DatabaseSession, js_name="D1DatabaseSessionAlwaysPrimary"):
    """The session of the database itself: it keeps no bookmark."""

    __slots__ = ()

    def __init__(self, store: Store | FarStore) -> None:
        super().__init__(store, FIRST_PRIMARY)

    def _saw(self, bookmark: str) -> None:
        """Every query goes to the primary: nothing to remember."""


class D1PreparedStatement(JsProxy, js_name="D1PreparedStatement"):
    """A query and its parameters; immutable."""

    __slots__ = ("_parameters", "_session", "statement")

    def __init__(
        self, session: D1DatabaseSession, statement: Any, parameters: tuple[Parameter, ...] = ()
    ) -> None:
        self._session = session
        self.statement = statement
        self._parameters = parameters

    @property
    def params(self) -> JsArray:
        return JsArray([_shown(value) for value in self._parameters])

    @js_method
    def bind(self, *values: Any) -> D1PreparedStatement:
        """The same query with these parameters. Raises Error for a value that SQL has no place for."""
        return D1PreparedStatement(self._session, self.statement, tuple([bound(value) for value in values]))

    @js_method
    def all(self, *_: Any) -> JsPromise:
        """All rows as objects, and what the query did."""
        return self._started(array_of_objects, "d1.all")

    @js_method
    def run(self, *_: Any) -> JsPromise:
        """The same as `all`."""
        return self._started(execution, "d1.run")

    @js_method
    def first(self, column: Any = None, *_: Any) -> JsPromise:
        """The first row, or its value in one column; null when there is none."""
        name = None if column is None else to_string(column)
        return self._started(lambda answer: first_of(answer, name), "d1.first")

    @js_method
    def raw(self, options: Any = None, *_: Any) -> JsPromise:
        """All rows as arrays, with `columnNames` those before them."""
        with_names = not isinstance(options, JsNull) and _truthy(get_property(options, "columnNames"))
        return self._started(lambda answer: raw_rows(answer, with_names=with_names), "d1.raw")

    def _started(self, shape: Callable[[Answer], Any], name: str) -> JsPromise:
        return JsPromise.start(self._answered(shape), name=name)

    async def _answered(self, shape: Callable[[Answer], Any]) -> Any:
        (answer,) = await self._session._send([self._query()])
        return shape(answer)

    def _query(self) -> Query:
        if not isinstance(self.statement, str):
            raise error(f"D1_ERROR: {_NO_TEXT}")
        return query_of(self.statement, self._parameters)


def query_of(sql: str, parameters: tuple[Parameter, ...] = ()) -> Query:
    """A query, its text as UTF-8 carries it."""
    return Query(encode_text(sql).decode(), parameters)


def _statements(value: Any) -> Iterable[D1PreparedStatement]:
    if value is None or isinstance(value, JsNull):
        raise type_error(f"Cannot read properties of {to_string(value)} (reading 'map')")
    if not isinstance(value, (JsArray, list)):
        raise type_error("statements.map is not a function")
    return [_statement(item) for item in value]


def _statement(item: Any) -> D1PreparedStatement:
    if isinstance(item, D1PreparedStatement):
        return item
    if item is None or isinstance(item, JsNull):
        raise type_error(f"Cannot read properties of {to_string(item)} (reading 'statement')")
    if not isinstance(item, (JsProxy, str, int, float)):
        raise JsException("Error", _BORROWED)  # a Python object that crossed only for the call of to_js()
    raise error(f"D1_ERROR: {_NO_TEXT}")


def _truthy(value: Any) -> bool:
    return isinstance(value, JsProxy) or bool(value)


def _shown(value: Parameter) -> Any:
    return JsArray(list(value)) if isinstance(value, bytes) else value
