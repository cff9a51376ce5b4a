"""`env.<name>`: a D1 database as JavaScript sees it.

Sources: spec runtime.md section 13; recordings `d1_basic`, `d1_errors`, `d1_r2_old_style`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edge.d1.answers import total_duration_ms
from edge.d1.session import (
    FIRST_UNCONSTRAINED,
    D1DatabaseSession,
    D1PreparedStatement,
    PrimarySession,
    query_of,
)
from edge.d1.store import QueryFailed, Store
from edge.js.errors import error, type_error
from edge.js.functions import js_method
from edge.js.objects import JsObject
from edge.js.promise import JsPromise
from edge.js.proxy import JsNull, JsProxy
from edge.js.webidl import to_string

if TYPE_CHECKING:
    from edge.d1.far import FarStore

_NO_DUMP = "D1_DUMP_ERROR: Status + 404"
_NO_QUERY = (
    "D1_ERROR: D1Database.query() requires the d1_binding_jsrpc compatibility flag. "
    "Enable d1_binding_jsrpc before calling query()."
)


class D1Database(JsProxy, js_name="D1Database"):
    """The binding of one database."""

    __slots__ = ("_session", "_store")

    def __init__(self, store: Store | FarStore) -> None:
        self._store = store
        self._session = PrimarySession(store)

    @js_method
    def prepare(self, query: Any = None, *_: Any) -> D1PreparedStatement:
        """A statement. Whether it is one shows when it runs."""
        return D1PreparedStatement(self._session, query)

    @js_method
    def batch(self, statements: Any = None, *_: Any) -> JsPromise:
        """Run all of `statements` in one transaction."""
        return self._session.batch(statements)

    @js_method
    def exec(self, query: Any = None, *_: Any) -> JsPromise:
        """Run each line of `query` as a statement of its own, all in one transaction."""
        return JsPromise.start(self._exec(query), name="d1.exec")

    @js_method
    def withSession(self, constraint_or_bookmark: Any = None, *_: Any) -> D1DatabaseSession:
        """A session that goes on from a bookmark, or starts under a constraint."""
        given = constraint_or_bookmark
        if given is None or isinstance(given, JsNull):
            given = ""
        if not isinstance(given, str):
            raise type_error("constraintOrBookmark?.trim is not a function")
        return D1DatabaseSession(self._store, given.strip() or FIRST_UNCONSTRAINED)

    @js_method
    def dump(self, *_: Any) -> JsPromise:
        """Gone from the platform."""
        return JsPromise.rejected(error(_NO_DUMP))

    @js_method
    def query(self, *_: Any) -> JsPromise:
        """Needs a flag that is not emulated."""
        return JsPromise.rejected(error(_NO_QUERY))

    async def _close(self) -> None:
        await self._store.close()

    async def _exec(self, query: Any) -> JsObject:
        if query is None or isinstance(query, JsNull):
            raise type_error(f"Cannot read properties of {to_string(query)} (reading 'trim')")
        if not isinstance(query, str):
            raise type_error("query.trim is not a function")
        lines = query.strip().split("\n")
        try:
            answers = await self._session._run([query_of(line) for line in lines])
        except QueryFailed as failed:
            # The platform tells only that something failed, not which: it is always line 1.
            raise error(f"D1_EXEC_ERROR: Error in line 1: {lines[0]}: {failed.text}") from failed
        return JsObject({"count": len(answers), "duration": total_duration_ms(answers)})
