"""D1 through the API: queries, parameters, refusals, files behind URLs."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from edge.kernel.clock import VirtualClock
from tests.loops import run, run_virtual
from tests.wrangler_compat.cloud.calls import Calls, calling

D1 = "/d1/database"


async def database(calls: Calls, name: str = "library") -> str:
    made = await calls.ok("POST", D1, json={"name": name})
    return f"{D1}/{made['uuid']}"


def test_the_life_of_a_database(tmp_path: Path) -> None:
    async def check() -> None:
        async with calling(tmp_path) as calls:
            at = await database(calls)
            assert (await calls.no("POST", D1, json={"name": "library"}))[1] == 7502
            assert (await calls.no("POST", D1, json={"name": "a b"}))[1] == 7400
            await calls.ok("POST", f"{at}/query", json={"sql": "CREATE TABLE t (a)"})
            assert (await calls.ok("GET", f"{D1}/library"))["num_tables"] == 1
            assert (await calls.ok("GET", at))["file_size"] > 0
            assert len(await calls.ok("GET", D1, params={"name": "lib"})) == 1
            assert await calls.ok("GET", D1, params={"name": "other"}) == []
            assert list(tmp_path.rglob("d1/*/*.sqlite")) != []
            await calls.ok("DELETE", at)
            assert list(tmp_path.rglob("d1/*/*.sqlite*")) == []
            assert (await calls.no("GET", at))[:2] == (404, 7404)

    run(check())


def test_a_call_is_one_transaction() -> None:
    async def check() -> None:
        async with calling() as calls:
            at = await database(calls)
            sql = "CREATE TABLE t (a); INSERT INTO t VALUES (1); SELEC"
            refused = await calls.no("POST", f"{at}/query", json={"sql": sql})
            assert refused == (400, 7500, 'near "SELEC": syntax error at offset 0: SQLITE_ERROR')
            assert (await calls.ok("GET", at))["num_tables"] == 0
            batch = [
                {"sql": "CREATE TABLE t (a, b, c)"},
                {"sql": "INSERT INTO t VALUES (?, ?, ?)", "params": [1, None, True]},
                {"sql": "SELECT * FROM t"},
            ]
            answers = await calls.ok("POST", f"{at}/query", json={"batch": batch})
            assert answers[2]["results"] == [{"a": 1, "b": None, "c": 1}]
            assert answers[1]["meta"]["rows_written"] == 1

    run(check())


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, 7400),
        ({"sql": 1}, 7400),
        ({"sql": "-- nothing"}, 7500),
        ({"sql": "SELECT 1; SELECT ?", "params": [1]}, 7500),
        ({"sql": "SELECT ?", "params": "x"}, 7400),
        ({"sql": "SELECT ?", "params": [[1]]}, 7400),
        ({"batch": "x"}, 7400),
        ({"batch": ["x"]}, 7400),
    ],
)
def test_queries_that_are_wrong(body: dict[str, Any], code: int) -> None:
    async def check() -> None:
        async with calling() as calls:
            assert (await calls.no("POST", f"{await database(calls)}/query", json=body))[1] == code

    run(check())


async def imported(calls: Calls, at: str, sql: str) -> dict[str, Any]:
    etag = hashlib.md5(sql.encode()).hexdigest()
    begun = await calls.ok("POST", f"{at}/import", json={"action": "init", "etag": etag})
    sent = await calls.client.put(begun["upload_url"], content=sql.encode())
    assert sent.headers["etag"] == f'"{etag}"'
    ingest = {"action": "ingest", "filename": begun["filename"], "etag": etag}
    found: dict[str, Any] = await calls.ok("POST", f"{at}/import", json=ingest)
    return found


def test_imports() -> None:
    async def check() -> None:
        async with calling() as calls:
            at = await database(calls)
            done = await imported(calls, at, "CREATE TABLE t (a); INSERT INTO t VALUES (1);")
            assert (done["status"], done["result"]["num_queries"]) == ("complete", 2)
            failed = await imported(calls, at, "DELETE FROM t; DELETE FROM gone;")
            assert (failed["status"], failed["errors"]) == ("error", ["no such table: gone: SQLITE_ERROR"])
            [left] = await calls.ok("POST", f"{at}/query", json={"sql": "SELECT a FROM t"})
            assert left["results"] == [{"a": 1}]
            never_sent = {"action": "ingest", "filename": "x", "etag": "x"}
            assert (await calls.no("POST", f"{at}/import", json=never_sent))[1] == 7400
            assert (await calls.no("POST", f"{at}/import", json={"action": "poll"}))[1] == 7400

    run(check())


def test_files_are_there_for_an_hour() -> None:
    clock = VirtualClock()

    async def check() -> None:
        async with calling(clock=clock) as calls:
            at = await database(calls)
            done = await calls.ok("POST", f"{at}/export", json={"output_format": "polling"})
            url = done["result"]["signed_url"]
            assert (await calls.client.get(url)).text == "PRAGMA defer_foreign_keys=TRUE;"
            assert (await calls.client.get(url[:-1])).status_code == 403
            begun = await calls.ok("POST", f"{at}/import", json={"action": "init", "etag": "x"})
            assert (await calls.client.get(begun["upload_url"])).status_code == 403
            await clock.advance("61m")
            assert (await calls.client.get(url)).status_code == 403
            assert (await calls.client.put(begun["upload_url"], content=b"")).status_code == 403

    run_virtual(check(), clock)


def test_what_cannot_be_exported() -> None:
    async def check() -> None:
        async with calling() as calls:
            at = await database(calls)
            await calls.ok("POST", f"{at}/query", json={"sql": "CREATE VIRTUAL TABLE f USING fts5(a)"})
            assert (await calls.no("POST", f"{at}/export", json={}))[1] == 7500

    run(check())


def test_a_dump_makes_the_database_anew() -> None:
    schema = [
        'CREATE TABLE "odd ""name" ("a b" INTEGER PRIMARY KEY AUTOINCREMENT, c REAL);',
        "CREATE TABLE other (x);",
        'CREATE INDEX i ON "odd ""name" (c);',
    ]
    rows = """INSERT INTO "odd ""name" VALUES (7, 0.1), (8, NULL); INSERT INTO other VALUES ('it''s')"""

    async def check() -> None:
        async with calling() as calls:
            at = await database(calls)
            await calls.ok("POST", f"{at}/query", json={"sql": " ".join(schema) + rows})

            async def dump(**options: Any) -> list[str]:
                done = await calls.ok("POST", f"{at}/export", json={"dump_options": options})
                return (await calls.client.get(done["result"]["signed_url"])).text.splitlines()

            head = "PRAGMA defer_foreign_keys=TRUE;"
            seven = 'INSERT INTO "odd ""name" ("a b","c") VALUES(7,0.1);'
            eight = 'INSERT INTO "odd ""name" ("a b","c") VALUES(8,NULL);'
            sequence = [
                "DELETE FROM sqlite_sequence;",
                'INSERT INTO "sqlite_sequence" ("name","seq") VALUES(\'odd "name\',8);',
            ]
            other = """INSERT INTO "other" ("x") VALUES('it''s');"""
            odd = schema[0].replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS")  # as of every quoted name
            everything = [head, odd, seven, eight, schema[1], other, *sequence, schema[2]]
            assert await dump() == everything
            assert await dump(no_data=True) == [head, odd, schema[1], sequence[0], schema[2]]
            assert await dump(tables=["other"], no_schema=True) == [head, other]
            copy = await database(calls, "copy")
            assert (await imported(calls, copy, "\n".join(everything)))["status"] == "complete"

    run(check())
