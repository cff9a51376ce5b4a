# ruff: noqa: E501 (texts stand as the platform shows them)
"""D1 at its JavaScript face, with the texts of the platform."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge.d1.binding import D1Database
from edge.d1.open import database_path, open_database
from edge.js.arrays import JsArray
from edge.js.buffers import JsArrayBuffer
from edge.js.dates import JsDate
from edge.js.errors import JsException
from edge.js.objects import JsObject
from edge.js.proxy import JsBigInt, jsnull
from edge.js.typed_arrays import JsDataView, JsUint8Array, JsUint16Array
from edge.kernel.clock import VirtualClock
from tests.loops import run_virtual


def using(script: Callable[[D1Database], Any], *before: str) -> Any:
    """What `script` gives on a fresh database."""

    async def all_of_it() -> Any:
        database = open_database("x", None, VirtualClock())
        for query in before:
            await database.prepare(query).run()
        try:
            return await script(database)
        finally:
            await database._close()

    return run_virtual(all_of_it())


def refused(script: Callable[[D1Database], Any], *before: str) -> tuple[str, str]:
    with pytest.raises(JsException) as caught:
        using(script, *before)
    return caught.value.name, caught.value.message


def plain(value: Any) -> Any:
    """JavaScript's plain data as Python's."""
    return value.to_py() if isinstance(value, (JsArray, JsObject)) else value


@pytest.mark.parametrize(
    ("value", "expected", "kind"),
    [
        (True, 1, "real"), (False, 0, "real"), (3, 3, "real"), (1.5, 1.5, "real"), ("x", "x", "text"),
        ("a\0b", "a\0b", "text"), ("\ud800", "\ufffd", "text"), (jsnull, jsnull, "null"),
        (math.nan, jsnull, "null"), (math.inf, jsnull, "null"), (JsArrayBuffer(b"ab"), [97, 98], "blob"),
        (JsUint8Array(JsArrayBuffer(b"\x00\xff")), [0, 255], "blob"), (JsArray([1, 2.5]), [1, 2], "blob"),
        (JsUint16Array(JsArrayBuffer(b"\x01\x02\x03\x00")), [1, 3], "blob"), (JsArray([]), [], "blob"),
        (JsDataView(JsArrayBuffer(b"ab")), [], "blob"),
    ],
)  # fmt: skip
def test_bind(value: Any, expected: Any, kind: str) -> None:
    row = using(lambda d: d.prepare("SELECT ?1 AS v, typeof(?1) AS t").bind(value).first())
    assert (plain(row.v), row.t) == (expected, kind)


@pytest.mark.parametrize(
    ("value", "kind", "shown"),
    [
        (None, "undefined", "undefined"),
        (JsBigInt(2**60), "bigint", "1152921504606846976"),
        (JsArray(["a", 1]), "object", "a,1"),
        (JsArray([256]), "object", "256"),
        (JsArray([True]), "object", "true"),
        (JsObject({"a": 1}), "object", "[object Object]"),
        (JsDate(0), "object", "Thu Jan 01 1970 00:00:00 GMT+0000 (Coordinated Universal Time)"),
        (print, "function", "<built-in function print>"),
    ],
)
def test_what_cannot_be_bound(value: Any, kind: str, shown: str) -> None:
    message = f"D1_TYPE_ERROR: Type '{kind}' not supported for value '{shown}'"
    assert refused(lambda d: d.prepare("SELECT ?").bind(value).first()) == ("Error", message)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "No SQL statements detected."),
        (" \n ", "No SQL statements detected."),
        ("-- c", "No SQL statements detected."),
        ("  -- c\n-- d", "No SQL statements detected."),
        (";", "SQL code did not contain a statement."),
        ("/* c */", "SQL code did not contain a statement."),
        ("SELEC", 'near "SELEC": syntax error at offset 0: SQLITE_ERROR'),
        ("SELECT abs(-9223372036854775808)", "integer overflow: SQLITE_ERROR"),
        ("SELECT 1 -- " + "x" * 100_000, "statement too long: SQLITE_TOOBIG"),
        ("VACUUM", "cannot VACUUM from within a transaction: SQLITE_ERROR"),
        ("SELECT ?", "Wrong number of parameter bindings for SQL query."),
        ("SELECT ?; SELECT 1", "When executing multiple SQL statements in a single call, only the last statement can have parameters."),
        ("SELECT * FROM _cf_METADATA", "access to _cf_METADATA.key is prohibited: SQLITE_AUTH"),
        ("PRAGMA journal_mode", "not authorized: SQLITE_AUTH"),
        (None, "Failed to parse body as JSON, got: ZodError"),
        (5, "Failed to parse body as JSON, got: ZodError"),
    ],
)  # fmt: skip
def test_errors(query: Any, message: str) -> None:
    script = lambda d: d.prepare(query).all()  # noqa: E731
    assert refused(script, "CREATE TABLE t (a)") == ("Error", f"D1_ERROR: {message}")


def test_values_travel_as_json() -> None:
    query = "SELECT 9007199254740993 AS big, 2.0 AS whole, 9e999 AS huge, x'0102' AS blob, NULL AS n"
    assert plain(using(lambda d: d.prepare(query).first())) == {
        "big": 2.0**53,
        "whole": 2,
        "huge": jsnull,
        "blob": [1, 2],
        "n": jsnull,
    }


def test_shapes_of_answers() -> None:
    async def script(d: D1Database) -> list[Any]:
        statement = d.prepare("SELECT 1 AS a, 2 AS b, 3 AS a")
        return [
            plain((await statement.all()).results),
            plain((await statement.run()).results),
            plain(await statement.raw()),
            plain(await statement.raw(columnNames=True)),
            plain(await statement.first()),
            await statement.first("b"),
            await d.prepare("SELECT 1 WHERE 0").first(),
            await d.prepare("SELECT 1 WHERE 0").first("x"),
            await d.prepare("SELECT NULL AS x").first("x"),
            plain(await d.prepare("SELECT 1 AS a WHERE 0").raw(columnNames=True)),
        ]

    assert using(script) == [
        [{"a": 3, "b": 2}],
        [{"a": 3, "b": 2}],
        [[1, 2, 3]],
        [["a", "b", "a"], [1, 2, 3]],
        {"a": 3, "b": 2},
        2,
        jsnull,
        jsnull,
        jsnull,
        [["a"]],
    ]


def test_a_column_that_is_not_there() -> None:
    message = "D1_COLUMN_NOTFOUND: Column not found (zz)"
    assert refused(lambda d: d.prepare("SELECT 1 AS a").first("zz")) == ("Error", message)


def test_meta() -> None:
    async def script(d: D1Database) -> tuple[Any, Any]:
        wrote = await d.prepare("INSERT INTO t (v) VALUES ('a'), ('b')").run()
        read = await d.prepare("SELECT * FROM t").all()
        return plain(wrote.meta), plain(read.meta)

    wrote, read = using(script, "CREATE TABLE t (id INTEGER PRIMARY KEY, v)")
    same = {"served_by": "miniflare.db", "served_by_primary": True, "duration": 0, "total_attempts": 1}
    same |= {"timings": {"sql_duration_ms": 0}, "last_row_id": 2, "size_after": wrote["size_after"]}
    assert wrote == {**same, "changes": 2, "changed_db": True, "rows_read": 0, "rows_written": 2}
    assert read == {**same, "changes": 0, "changed_db": False, "rows_read": 2, "rows_written": 0}
    assert wrote["size_after"] % 4096 == 0


def test_batch_is_one_transaction() -> None:
    async def script(d: D1Database) -> tuple[Any, Any]:
        insert = d.prepare("INSERT INTO t VALUES (?)")
        answers = await d.batch(
            JsArray([insert.bind(1), d.prepare("-- nothing"), d.prepare("SELECT * FROM t")])
        )
        with pytest.raises(JsException, match="D1_ERROR: no such table: u: SQLITE_ERROR"):
            await d.batch([insert.bind(2), d.prepare("SELECT * FROM u")])
        return [plain(answer.results) for answer in answers], await d.prepare(
            "SELECT count(*) n FROM t"
        ).first("n")

    assert using(script, "CREATE TABLE t (a)") == ([[], [{"a": 1}]], 1)


@pytest.mark.parametrize(
    ("statements", "error"),
    [
        (None, ("TypeError", "Cannot read properties of undefined (reading 'map')")),
        ("x", ("TypeError", "statements.map is not a function")),
        (JsArray([jsnull]), ("TypeError", "Cannot read properties of null (reading 'statement')")),
        (JsArray([5]), ("Error", "D1_ERROR: Failed to parse body as JSON, got: ZodError")),
        (JsArray([]), ("Error", "D1_ERROR: No SQL statements detected.")),
        (JsArray([object()]), ("Error", "This borrowed proxy was automatically destroyed at the end of a generator\nFor more information about the cause of this error, use `pyodide.setDebug(true)`")),
    ],
)  # fmt: skip
def test_what_is_no_batch(statements: Any, error: tuple[str, str]) -> None:
    assert refused(lambda d: d.batch(statements)) == error


def test_exec_runs_lines() -> None:
    async def script(d: D1Database) -> tuple[Any, Any]:
        done = await d.exec(
            "CREATE TABLE t (a)\nINSERT INTO t VALUES (1); INSERT INTO t VALUES (2)\n-- end\n"
        )
        return plain(done), await d.prepare("SELECT count(*) AS n FROM t").first("n")

    assert using(script) == ({"count": 2, "duration": 0}, 2)


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("SELECT 1\nSELEC", ("Error", 'D1_EXEC_ERROR: Error in line 1: SELECT 1: near "SELEC": syntax error at offset 0: SQLITE_ERROR')),
        ("CREATE TABLE t (\na)", ("Error", "D1_EXEC_ERROR: Error in line 1: CREATE TABLE t (: incomplete input: SQLITE_ERROR")),
        ("", ("Error", "D1_EXEC_ERROR: Error in line 1: : No SQL statements detected.")),
        (None, ("TypeError", "Cannot read properties of undefined (reading 'trim')")),
        (5, ("TypeError", "query.trim is not a function")),
    ],
)  # fmt: skip
def test_exec_refuses(query: Any, error: tuple[str, str]) -> None:
    assert refused(lambda d: d.exec(query)) == error


def test_sessions_keep_the_latest_bookmark() -> None:
    async def script(d: D1Database) -> list[Any]:
        found = []
        for session in (d.withSession(), d.withSession("first-primary"), d.withSession(" zzz ")):
            before = session.getBookmark()
            await session.prepare("INSERT INTO t VALUES (1)").run()
            after = session.getBookmark()
            await session.batch([session.prepare("INSERT INTO t VALUES (2)")])
            found.append((before, after[:17], session.getBookmark()[:17]))
        return found

    assert using(script, "CREATE TABLE t (a)") == [
        (jsnull, "00000000-00000002", "00000000-00000003"),
        (jsnull, "00000000-00000004", "00000000-00000005"),
        ("zzz", "zzz", "zzz"),
    ]


def test_what_is_gone_or_not_there() -> None:
    assert refused(lambda d: d.dump()) == ("Error", "D1_DUMP_ERROR: Status + 404")
    name, message = refused(lambda d: d.query(JsObject({"queries": JsArray([])})))
    assert (name, message[:60]) == ("Error", "D1_ERROR: D1Database.query() requires the d1_binding_jsrpc c")


def test_statements_show_what_they_are() -> None:
    async def script(d: D1Database) -> Any:
        statement = d.prepare("SELECT ?, ?").bind("x", JsArrayBuffer(b"\x01"))
        return statement.statement, plain(statement.params), statement.constructor.name, d.constructor.name

    assert using(script) == ("SELECT ?, ?", ["x", [1]], "D1PreparedStatement", "D1Database")


def test_place_on_disk() -> None:
    name = "e7352547963de7050bd7d94658afc4fe78b61811b7815da12d90be8e863abf4d.sqlite"
    assert database_path(Path("/s"), "DB") == Path("/s/v3/d1/miniflare-D1DatabaseObject") / name


@pytest.mark.parametrize(
    ("query", "rows", "written"),
    [
        ("SELECT 1 AS a\0 nonsense", [{"a": 1}], 0),
        ("SELECT '\ud800' AS a", [{"a": "\ufffd"}], 0),
        ('CREATE INDEX i ON "my table"(a)', [], 2),
        ("CREATE INDEX i ON [my table](a)", [], 2),
        ('INSERT INTO "my table" VALUES (1), (2) RETURNING a', [{"a": 1}, {"a": 2}], 2),
        ("SELECT 1 AS a; SELECT 2 AS b;", [{"b": 2}], 0),
        ("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 3) SELECT * FROM c", [{"x": 1}, {"x": 2}, {"x": 3}], 0),
    ],
)  # fmt: skip
def test_odd_queries(query: str, rows: list[dict[str, Any]], written: int) -> None:
    async def script(d: D1Database) -> Any:
        await d.exec('INSERT INTO "my table" VALUES (0)')
        answer = await d.prepare(query).all()
        return plain(answer.results), answer.meta.rows_written

    assert using(script, 'CREATE TABLE "my table" (a)') == (rows, written)


def test_a_statement_that_does_nothing_changes_nothing() -> None:
    async def script(d: D1Database) -> list[bool]:
        again = d.prepare("CREATE TABLE IF NOT EXISTS t (n INTEGER)")
        return [(await again.run()).meta.changed_db for _ in range(3)]

    assert using(script) == [True, False, False]
