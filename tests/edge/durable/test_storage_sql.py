"""SQL at its JavaScript face, with the texts that the platform's runtime gave."""

from __future__ import annotations

import math
from typing import Any

import pytest

from edge.durable.storage import DurableObjectStorage
from edge.js.arrays import JsArray
from edge.js.buffers import JsArrayBuffer
from edge.js.errors import JsException
from edge.js.objects import JsObject
from edge.js.proxy import jsnull
from edge.sql.statements import statements
from tests.edge.durable.test_storage_kv import inside, refusal

_TABLE = (
    "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT UNIQUE, n INTEGER NOT NULL DEFAULT 0 CHECK (n >= 0));"
    "INSERT INTO t VALUES (1, 'a', 0)"
)
_TRANSACTION = (
    "To execute a transaction, please use the state.storage.transaction() or state.storage.transactionSync() "
    "APIs instead of the SQL BEGIN TRANSACTION or SAVEPOINT statements. The JavaScript API is safer because "
    "it will automatically roll back on exceptions, and because it interacts correctly with Durable Objects' "
    "automatic atomic write coalescing."
)


def sql(work: Any) -> Any:
    async def script(storage: DurableObjectStorage) -> Any:
        return work(storage.sql)

    return inside(script)


def rows(cursor: Any) -> list[dict[str, Any]]:
    return [dict(row._props) for row in cursor.toArray()]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1", 1), ("1.5", 1.5), ("2.0", 2), ("'x'", "x"), ("NULL", None), ("9007199254740993", 2.0**53),
        ("-9223372036854775808", -(2.0**63)), ("9e999", math.inf), ("1/0", None), ("7/2", 3),
        ("concat('a', 1)", "a1"), ("octet_length('é')", 2), ("unhex('zz')", None), ("pow(2, 10)", 1024),
        ("timediff('2024-01-02', '2024-01-01')", "+0000-00-01 00:00:00.000"), ("'{\"a\":5}' ->> 'a'", 5),
    ],
)  # fmt: skip
def test_values(expression: str, expected: Any) -> None:
    found = sql(lambda s: s.exec(f"SELECT {expression} AS v").one().v)
    assert found == expected
    assert type(found) is type(expected)


def test_blobs_are_array_buffers() -> None:
    found = sql(lambda s: s.exec("SELECT x'00ff' AS v").one().v)
    assert isinstance(found, JsArrayBuffer)
    assert found.to_bytes() == b"\x00\xff"


@pytest.mark.parametrize(
    ("value", "kind", "stored"),
    [
        (5, "real", 5),
        (1.5, "real", 1.5),
        ("12", "text", "12"),
        (True, "text", "true"),
        (None, "null", None),
        (jsnull, "null", None),
        (JsObject({"a": 1}), "text", "[object Object]"),
        (JsArray([1, 2]), "text", "1,2"),
    ],
    ids=str,
)
def test_bindings(value: Any, kind: str, stored: Any) -> None:
    found = sql(lambda s: s.exec("SELECT typeof(?1) AS kind, ?1 AS v", value).one())
    assert (found.kind, found.v) == (kind, stored)


def test_numbers_take_the_affinity_of_their_column() -> None:
    def work(s: Any) -> Any:
        s.exec("CREATE TABLE a (i INTEGER, t TEXT, n)")
        return rows(s.exec("INSERT INTO a VALUES (?, ?, ?) RETURNING *, typeof(i) ti, typeof(n) tn", 5, 5, 5))

    assert sql(work) == [{"i": 5, "t": "5.0", "n": 5, "ti": "integer", "tn": "real"}]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "SQL code did not contain a statement."),
        (";", "SQL code did not contain a statement."),
        ("-- comment", "SQL code did not contain a statement."),
        ("SELECT 1; -- c", "SQL code did not contain a statement."),
        ("SELEC 1", 'near "SELEC": syntax error at offset 0: SQLITE_ERROR'),
        ("SELECT * FROM nope", "no such table: nope: SQLITE_ERROR"),
        ("SELECT nope FROM t", "no such column: nope at offset 7: SQLITE_ERROR"),
        ('SELECT "nope" FROM t', 'no such column: "nope" - should this be a string literal in single-quotes? '
         "at offset 7: SQLITE_ERROR"),
        ("SELECT 1; SELECT nope FROM t", "no such column: nope at offset 7: SQLITE_ERROR"),
        ("INSERT INTO t VALUES (1, 'b', 0)", "UNIQUE constraint failed: t.id: SQLITE_CONSTRAINT (extended: "
         "SQLITE_CONSTRAINT_PRIMARYKEY)"),
        ("INSERT INTO t VALUES (3, 'c', -1)", "CHECK constraint failed: n >= 0: SQLITE_CONSTRAINT (extended: "
         "SQLITE_CONSTRAINT_CHECK)"),
        ("INSERT INTO t VALUES ('x', 'c', 0)", "datatype mismatch: SQLITE_MISMATCH"),
        ("CREATE TABLE t (x)", "table t already exists at offset 13: SQLITE_ERROR"),
        ("SELECT 'unterminated", "unrecognized token: \"'unterminated\" at offset 7: SQLITE_ERROR"),
        ("SELECT (1", "incomplete input: SQLITE_ERROR"),
        ("BEGIN", _TRANSACTION), ("COMMIT", _TRANSACTION), ("ROLLBACK", _TRANSACTION),
        ("SAVEPOINT a", _TRANSACTION), ("RELEASE a", _TRANSACTION),
        ("CREATE TABLE _cf_x (a)", "not authorized: SQLITE_AUTH"),
        ("ALTER TABLE t RENAME TO _cf_t", "not authorized: SQLITE_AUTH"),
        ("SELECT * FROM _cf_KV", "no such table: _cf_KV: SQLITE_ERROR"),
        ("SELECT sqlite_version()",
         "not authorized to use function: sqlite_version at offset 7: SQLITE_ERROR"),
        ("SELECT load_extension('x')", "not authorized: SQLITE_ERROR"),
        ("SELECT median(1)", "no such function: median at offset 7: SQLITE_ERROR"),
        ("ATTACH 'x' AS y", "not authorized: SQLITE_AUTH"),
        ("VACUUM", "cannot VACUUM from within a transaction: SQLITE_ERROR"),
        ("CREATE TEMP TABLE x (a)", "not authorized: SQLITE_AUTH"),
        ("CREATE VIRTUAL TABLE z USING fts4(a)", "not authorized: SQLITE_AUTH"),
        ("PRAGMA journal_mode", "not authorized: SQLITE_AUTH"),
        ("SELECT json('{')", "malformed JSON: SQLITE_ERROR"),
        (" UNION ALL ".join(["SELECT 1"] * 6), "too many terms in compound SELECT: SQLITE_ERROR"),
        ("CREATE TABLE c (" + ",".join(f"c{i}" for i in range(101)) + ")",
         "too many columns on c: SQLITE_ERROR"),
        ("SELECT '" + "x" * 100_000 + "'", "statement too long: SQLITE_TOOBIG"),
        ("SELECT 'a' LIKE '" + "a" * 51 + "'", "LIKE or GLOB pattern too complex: SQLITE_ERROR"),
        ("SELECT " + "+".join(["1"] * 102),
         "Expression tree is too large (maximum depth 100): SQLITE_ERROR"),
        ("SELECT max(" + ",".join(["1"] * 128) + ")",
         "too many arguments on function max at offset 7: SQLITE_ERROR"),
        ("SELECT ?", "Wrong number of parameter bindings for SQL query."),
        ("SELECT ?; SELECT 1", "When executing multiple SQL statements in a single call, only the last "
         "statement can have parameters."),
    ],
)  # fmt: skip
def test_errors(query: str, message: str) -> None:
    async def script(storage: DurableObjectStorage) -> Any:
        storage.sql.exec(_TABLE)
        return storage.sql.exec(query).toArray()

    assert refusal(script) == f"Error: {message}"


def test_reading_the_platforms_tables_is_refused_once_they_exist() -> None:
    async def script(storage: DurableObjectStorage) -> Any:
        await storage.put("a", 1)
        return storage.sql.exec("SELECT * FROM _cf_KV").toArray()

    assert refusal(script) == "Error: access to _cf_KV.key is prohibited: SQLITE_AUTH"


def test_the_texts_of_the_platforms_own_statements_get_no_further() -> None:
    async def script(storage: DurableObjectStorage) -> Any:
        await storage.put("a", 1)
        await storage.get("a")
        return storage.sql.exec("SELECT value FROM _cf_KV WHERE key = ?", "a").toArray()

    assert refusal(script) == "Error: access to _cf_KV.value is prohibited: SQLITE_AUTH"


def test_bindings_belong_to_the_last_statement() -> None:
    assert sql(lambda s: rows(s.exec("SELECT 1; SELECT ? AS a", 7))) == [{"a": 7}]


def test_statements_are_cut_at_their_semicolons() -> None:
    trigger = "CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; SELECT 2; END;"
    assert statements(f"SELECT ';'; {trigger} SELECT 2") == ["SELECT ';';", trigger, "SELECT 2"]
    with pytest.raises(JsException, match="did not contain a statement"):
        statements(" ; ")


def test_cursors_are_read_once() -> None:
    def work(s: Any) -> Any:
        s.exec("CREATE TABLE t (x); INSERT INTO t VALUES (1), (2), (3), (4)")
        cursor = s.exec("SELECT x, x AS y, x AS x FROM t ORDER BY x")
        first = dict(cursor.next()._props)
        return [
            list(cursor.columnNames),
            (first["done"], dict(first["value"]._props)),
            [row.x for row in cursor.toArray()],
            rows(cursor),
            cursor.next()._props,
            [list(row) for row in s.exec("SELECT x, 'a' FROM t WHERE x > ?", 2).raw()],
            [list(row) for row in s.exec("SELECT x FROM t WHERE x > 3").raw().toArray()],
            list(s.exec("SELECT x FROM t WHERE 0").columnNames),
            [row.x for row in s.exec("SELECT x FROM t")],
        ]

    assert sql(work) == [
        ["x", "y", "x"], (False, {"x": 1, "y": 1}), [2, 3, 4], [], {"done": True, "value": None},
        [[3, "a"], [4, "a"]], [[4]], ["x"], [1, 2, 3, 4],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELECT 1 WHERE 0", "Expected exactly one result from SQL query, but got no results."),
        (
            "SELECT 1 UNION SELECT 2",
            "Expected exactly one result from SQL query, but got multiple results.",
        ),
    ],
)
def test_one_wants_exactly_one(query: str, message: str) -> None:
    async def script(storage: DurableObjectStorage) -> Any:
        return storage.sql.exec(query).one()

    assert refusal(script) == f"Error: {message}"


def test_an_open_cursor_keeps_its_table_and_goes_on_beside_others() -> None:
    def work(s: Any) -> Any:
        s.exec("CREATE TABLE t (x); INSERT INTO t VALUES (1), (2), (3)")
        cursor = s.exec("SELECT x FROM t ORDER BY x")
        cursor.next()
        with pytest.raises(JsException) as raised:
            s.exec("DROP TABLE t")
        again = [row.x for row in s.exec("SELECT x FROM t ORDER BY x")]
        rest = [row.x for row in cursor]
        s.exec("DROP TABLE t")
        return raised.value.message, again, rest

    assert sql(work) == ("database table is locked: SQLITE_LOCKED", [1, 2, 3], [2, 3])


def test_writes_happen_before_their_rows_are_read() -> None:
    def work(s: Any) -> Any:
        s.exec("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, v)")
        cursor = s.exec("INSERT INTO t (v) VALUES ('a'), ('b') RETURNING id")
        count = s.exec("SELECT count(*) AS n FROM t").one().n
        return count, [row.id for row in cursor]

    assert sql(work) == (2, [1, 2])


def test_columns_follow_the_schema() -> None:
    def work(s: Any) -> Any:
        s.exec("CREATE TABLE t (a); INSERT INTO t VALUES (1)")
        before = rows(s.exec("SELECT * FROM t"))
        s.exec("ALTER TABLE t ADD COLUMN b DEFAULT 2")
        after = rows(s.exec("SELECT * FROM t"))
        s.exec("ALTER TABLE t DROP COLUMN a; ALTER TABLE t RENAME COLUMN b TO c; ALTER TABLE t RENAME TO u")
        s.exec("ALTER TABLE u RENAME TO t; DELETE FROM t")
        return before, after, list(s.exec("SELECT * FROM t").columnNames)

    assert sql(work) == ([{"a": 1}], [{"a": 1, "b": 2}], ["c"])


def test_row_counts() -> None:
    def work(s: Any) -> Any:
        def counts(query: str) -> list[int]:
            cursor = s.exec(query)
            cursor.toArray()
            return [cursor.rowsRead, cursor.rowsWritten]

        return {
            label: counts(query)
            for label, query in [
                ("create", "CREATE TABLE r (id INTEGER PRIMARY KEY, a, b)"),
                ("insert", "INSERT INTO r (a, b) VALUES (1,1),(2,2),(3,3)"),
                ("index", "CREATE INDEX ra ON r(a)"),
                ("insert indexed", "INSERT INTO r (a, b) VALUES (4,4)"),
                ("select all", "SELECT * FROM r"),
                ("select pk", "SELECT * FROM r WHERE id = 2"),
                ("select index", "SELECT * FROM r WHERE a = 2"),
                ("scan where", "SELECT * FROM r WHERE b = 2"),
                ("update", "UPDATE r SET b = 9 WHERE id = 1"),
                ("update indexed", "UPDATE r SET a = 9 WHERE id = 1"),
                ("delete", "DELETE FROM r WHERE id = 1"),
                ("count", "SELECT count(*) FROM r"),
                ("delete all", "DELETE FROM r"),
            ]
        }

    assert sql(work) == {
        "create": [1, 2], "insert": [0, 3], "index": [8, 4], "insert indexed": [0, 2], "select all": [4, 0],
        "select pk": [1, 0], "select index": [2, 0], "scan where": [4, 0], "update": [1, 1],
        "update indexed": [1, 2], "delete": [1, 1], "count": [3, 0], "delete all": [0, 3],
    }  # fmt: skip


def test_foreign_keys_are_on() -> None:
    async def script(storage: DurableObjectStorage) -> Any:
        storage.sql.exec("CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p REFERENCES p(id))")
        storage.sql.exec("INSERT INTO c VALUES (5)")

    assert refusal(script) == (
        "Error: FOREIGN KEY constraint failed: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_FOREIGNKEY)"
    )


def test_database_size_counts_pages_in_use() -> None:
    def work(s: Any) -> Any:
        s.exec("CREATE TABLE t (x)")
        before = s.databaseSize
        s.exec("INSERT INTO t VALUES (zeroblob(100000))")
        return before, s.databaseSize

    before, after = sql(work)
    assert before % 4096 == after % 4096 == 0
    assert 100_000 - 4096 <= after - before <= 100_000 + 8192
