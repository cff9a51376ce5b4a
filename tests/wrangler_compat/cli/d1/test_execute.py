"""`edge d1 execute` and `export`: rows, transactions, dumps, and what goes wrong."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path

import apsw
import pytest

from edge.d1.open import database_path
from edge.d1.store import Query, Store
from edge.kernel import tasks
from edge.kernel.clock import WallClock
from edge.sql import database
from tests.wrangler_compat.cli.running import done, edge, refused
from wrangler_compat.cli.d1 import execute as d1_execute

CREATE = "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, data BLOB, x REAL)"
INSERT = "INSERT INTO t (name, data, x) VALUES ('Ada', x'0102', 1.5), ('Bob', NULL, 2.0)"
ADA = {"id": 1, "name": "Ada", "data": "[1, 2]", "x": 1.5}
BOB = {"id": 2, "name": "Bob", "data": None, "x": 2}


def state_file(project: Path) -> Path:
    return database_path(project / ".wrangler" / "state", "shared-d1")


def rows(sql: str) -> list[dict[str, object]]:
    (result,) = json.loads(done("d1", "execute", "DB", "--command", sql, "--json"))
    assert result["success"] is True
    found: list[dict[str, object]] = result["results"]
    return found


def test_statements_run_one_after_the_other(project: Path) -> None:
    said = done("d1", "execute", "shared-db", "--command", f"{CREATE};\n-- one\n{INSERT}; SELECT * FROM t;")
    head, _, results = said.partition("🚣 3 commands executed successfully.\n")
    assert head.splitlines()[4:] == [
        "🌀 Executing on local database shared-db (shared-d1) from .wrangler/state/v3/d1:",
        "🌀 To execute on your remote database, add a --remote flag to your wrangler command.",
    ]
    assert [result["results"] for result in json.loads(results)] == [[], [], [ADA, BOB]]
    assert state_file(project).is_file()


@pytest.mark.usefixtures("project")
def test_a_trigger_is_one_statement() -> None:
    trigger = (
        "CREATE TRIGGER r AFTER INSERT ON t BEGIN UPDATE t SET x = 0; DELETE FROM t WHERE name = ';'; END"
    )
    done("d1", "execute", "DB", "--command", f"{CREATE}; {trigger}; {INSERT}")
    assert [row["x"] for row in rows("SELECT x FROM t")] == [0, 0]


def test_from_a_file(project: Path) -> None:
    (project / "s.sql").write_text(f"\ufeffBEGIN TRANSACTION;\n{CREATE};\n{INSERT};\nCOMMIT;\n")
    done("d1", "execute", "DB", "--file", "s.sql")
    assert rows("SELECT count(*) AS n FROM t") == [{"n": 2}]


@pytest.mark.usefixtures("project")
def test_one_wrong_statement_and_nothing_has_happened() -> None:
    said = refused("d1", "execute", "DB", "--command", f"{CREATE}; INSERT INTO nope VALUES (1)")
    assert "no such table: nope: SQLITE_ERROR" in said
    assert rows("SELECT name FROM sqlite_schema WHERE name = 't'") == []


@pytest.mark.usefixtures("project")
def test_errors_as_json() -> None:
    ended = edge("d1", "execute", "DB", "--command", "SELECT * FROM nope", "--json")
    assert (ended.code, ended.err) == (1, "")
    assert json.loads(ended.text) == {"error": {"text": "no such table: nope: SQLITE_ERROR"}}


@pytest.mark.usefixtures("project")
def test_rows_are_a_table_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(d1_execute, "is_terminal", lambda: True)
    said = done("d1", "execute", "DB", "--command", f"{CREATE}; {INSERT}; SELECT id, name, data FROM t")
    cells = [
        [cell.strip() for cell in line.strip("│").split("│")] for line in said.splitlines() if "│" in line
    ]
    assert cells == [["id", "name", "data"], ["1", "Ada", "[1, 2]"], ["2", "Bob", "null"]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["DB"], "Missing required option --command or --file."),
        (["DB", "--command", "x", "--file", "y"], "can't provide both --command and --file."),
        (["DB", "--command", "-- nothing"], "No SQL statements detected."),
        (["DB", "--file", "absent.sql"], 'Unable to read SQL text file "absent.sql".'),
        (["DB", "--file", "db.sqlite"], "Provided file is a binary SQLite database file"),
        (["DB", "--file", "latin.sql"], "latin.sql is not UTF-8 text (byte 8)"),
        (["DB", "--file", "twice.sql"], "The SQL contains several transactions."),
        (["NOPE", "--command", "SELECT 1"], "Couldn't find a D1 DB with the name or binding 'NOPE' in your"),
        (["DB", "--command", "SELECT 1", "--preview"], "Cannot use --preview without --remote."),
        (["DB", "--command", "SELECT 1", "--local", "--remote"], "mutually exclusive"),
        (["DB", "--command", "SELECT 1", "-e", "staging"], "Couldn't find a D1 DB"),
    ],
)
def test_mistakes(project: Path, arguments: list[str], message: str) -> None:
    (project / "db.sqlite").write_bytes(b"SQLite format 3\0" + bytes(100))
    (project / "latin.sql").write_bytes("SELECT 'ü'".encode("latin-1"))
    (project / "twice.sql").write_text("BEGIN TRANSACTION; SELECT 1; COMMIT; BEGIN TRANSACTION; COMMIT;")
    assert message in refused("d1", "execute", *arguments)


def test_without_a_configuration(project: Path) -> None:
    (project / "wrangler.jsonc").unlink()
    assert "No configuration file found." in refused("d1", "execute", "DB", "--command", "SELECT 1")


def test_a_damaged_file_is_left_as_it_is(project: Path) -> None:
    done("d1", "execute", "DB", "--command", CREATE)
    state_file(project).write_bytes(b"garbage" * 1000)
    said = refused("d1", "execute", "DB", "--command", "SELECT 1")
    assert 'cannot use the local data of the D1 database "shared-d1": file is not a database' in said
    assert "The file is damaged" in said
    assert "The file is damaged" in refused("d1", "export", "DB", "--output", "out.sql")
    assert state_file(project).read_bytes() == b"garbage" * 1000
    assert not (project / "out.sql").exists()


def test_another_writer_is_waited_for_and_then_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done("d1", "execute", "DB", "--command", CREATE)
    monkeypatch.setattr(database, "_BUSY_TIMEOUT_MS", 20)
    other = apsw.Connection(str(state_file(project)))
    other.execute("BEGIN IMMEDIATE")
    assert "Another program has been writing" in refused("d1", "execute", "DB", "--command", INSERT)
    assert rows("SELECT * FROM t") == []
    other.close()


def test_beside_a_server_that_sees_new_columns(project: Path) -> None:
    async def scenario() -> None:
        tasks.install(asyncio.get_running_loop())
        served = Store(state_file(project), WallClock())
        select = [Query("SELECT * FROM t")]
        await served.run([Query(CREATE), Query("INSERT INTO t (name) VALUES ('Ada')")])
        assert (await served.run(select))[0].columns == ("id", "name", "data", "x")
        change = "ALTER TABLE t ADD COLUMN more DEFAULT 7; UPDATE t SET name = 'Bob'"
        await asyncio.to_thread(done, "d1", "execute", "DB", "--command", change)
        (answer,) = await served.run(select)
        assert (answer.columns[-1], answer.rows) == ("more", [[1, "Bob", None, None, 7]])
        await served.close()

    asyncio.run(scenario())


def test_a_dump_makes_the_database_anew(project: Path) -> None:
    text = "INSERT INTO t (name, x) VALUES ('it''s' || char(13) || char(10) || 'two', 9e999), ('\u00fc', -1)"
    more = 'CREATE INDEX by_name ON t (name); CREATE TABLE "other" (n INTEGER PRIMARY KEY AUTOINCREMENT)'
    done(
        "d1",
        "execute",
        "DB",
        "--command",
        f"{CREATE}; {INSERT}; {text}; {more}; INSERT INTO other VALUES (5)",
    )
    said = done("d1", "export", "DB", "--output", "dump.sql")
    assert said.endswith("🌀 Exporting SQL to dump.sql...\nDone!\n")
    anew = sqlite3.connect(":memory:")
    anew.executescript((project / "dump.sql").read_text())
    assert anew.execute("SELECT name, x FROM t WHERE id > 2").fetchall() == [
        ("it's\r\ntwo", float("inf")),
        ("ü", -1),
    ]
    assert anew.execute("SELECT data FROM t WHERE id = 1").fetchall() == [(b"\1\2",)]
    assert anew.execute("SELECT seq FROM sqlite_sequence WHERE name = 'other'").fetchall() == [(5,)]
    assert anew.execute("SELECT 1 FROM sqlite_schema WHERE name = 'by_name'").fetchall() == [(1,)]


def test_parts_of_a_dump(project: Path) -> None:
    done(
        "d1",
        "execute",
        "DB",
        "--command",
        f"{CREATE}; {INSERT}; CREATE TABLE u (a); INSERT INTO u VALUES (1)",
    )
    done("d1", "export", "DB", "--output", "dump.sql", "--table", "u", "--no-schema")
    assert (project / "dump.sql").read_text().splitlines()[1:] == ['INSERT INTO "u" ("a") VALUES(1);']
    done("d1", "export", "DB", "--output", "dump.sql", "--no-data")
    assert "INSERT" not in (project / "dump.sql").read_text()
    both = ("--no-data", "--no-schema")
    assert "Cannot use --no-schema and --no-data together" in refused(
        "d1", "export", "DB", "--output", "x", *both
    )


def test_what_cannot_be_dumped(project: Path) -> None:
    assert "there is no local data" in refused("d1", "export", "DB", "--output", "dump.sql")
    done("d1", "execute", "DB", "--command", "CREATE VIRTUAL TABLE v USING fts5(a)")
    assert "cannot export databases with Virtual Tables" in refused(
        "d1", "export", "DB", "--output", "dump.sql"
    )
    assert not (project / "dump.sql").exists()
