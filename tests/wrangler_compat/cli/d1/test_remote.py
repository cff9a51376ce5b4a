"""`edge d1` on what is on Cloudflare, against `edge cloud`."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from tests.wrangler_compat.cli.conftest import CONFIG
from tests.wrangler_compat.cli.running import done, edge, refused

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture
def shop(project: Path, cloud: dict[str, str]) -> str:
    """A database, and the binding `SHOP` of it."""
    said = done("d1", "create", "shop", "--binding", "SHOP")
    (entry,) = json.loads(said.partition("configuration file:\n")[2])["d1_databases"]
    assert (entry["binding"], entry["database_name"]) == ("SHOP", "shop")
    (project / "wrangler.jsonc").write_text(json.dumps({**CONFIG, "d1_databases": [entry]}))
    return str(entry["database_id"])


def rows(sql: str) -> list[dict[str, object]]:
    found = json.loads(done("d1", "execute", "SHOP", "--remote", "--json", "--command", sql))
    answer: list[dict[str, object]] = found[-1]["results"]
    return answer


def test_execute(project: Path, shop: str) -> None:
    sql = "CREATE TABLE t (a); INSERT INTO t VALUES (1); SELECT * FROM t"
    said = done("d1", "execute", "shop", "--remote", "--command", sql)
    head, _, results = said.partition("🚣 Executed 3 commands in ")
    assert f"🌀 Executing on remote database shop ({shop}):\n" in head
    assert "remove the --remote flag from your wrangler command." in head
    found = json.loads(results.partition("ms\n")[2])
    assert [one["results"] for one in found] == [[], [], [{"a": 1}]]
    assert found[1]["meta"]["changes"] == 1
    assert not (project / ".wrangler").exists()


def test_a_file_is_uploaded(project: Path, shop: str) -> None:
    (project / "s.sql").write_text("CREATE TABLE t (a); INSERT INTO t VALUES (1), (2);")
    ended = edge("d1", "execute", "SHOP", "--remote", "--file", "s.sql")
    assert ended.code == 0
    assert "your D1 database will be unavailable to serve queries." in ended.err
    assert f"├ 🌀 Uploading {shop}." in ended.text
    assert '"Total queries executed": 2' in ended.text
    assert rows("SELECT * FROM t") == [{"a": 1}, {"a": 2}]
    (project / "s.sql").write_text("INSERT INTO t VALUES (3); INSERT INTO nope VALUES (1);")
    assert "no such table: nope" in refused("d1", "execute", "SHOP", "--remote", "--file", "s.sql")
    assert len(rows("SELECT * FROM t")) == 2
    (project / "s.sql").write_text("SELECT 1;")
    quiet = edge("d1", "execute", "SHOP", "--remote", "--file", "s.sql", "--json")
    assert (quiet.err, json.loads(quiet.text)[0]["results"][0]["Total queries executed"]) == ("", 1)


def test_errors(shop: str) -> None:
    execute = ("d1", "execute", "SHOP", "--remote", "--command", "SELECT * FROM nope")
    assert "no such table: nope" in refused(*execute)
    ended = edge(*execute, "--json")
    assert (ended.code, ended.err) == (1, "")
    assert "no such table: nope" in json.loads(ended.text)["error"]["text"]


def test_migrations(project: Path, shop: str) -> None:
    (project / "migrations").mkdir()
    (project / "migrations" / "0001_t.sql").write_text("CREATE TABLE t (a); -- end")
    assert "0001_t.sql" in done("d1", "migrations", "list", "SHOP", "--remote")
    done("d1", "migrations", "apply", "SHOP", "--remote")
    assert rows("SELECT name FROM d1_migrations") == [{"name": "0001_t.sql"}]
    (project / "migrations" / "0002_u.sql").write_text("CREATE TABLE u (a); INSERT INTO nope VALUES (1);")
    said = refused("d1", "migrations", "apply", "SHOP", "--remote")
    assert "The migration 0002_u.sql was not applied" in said
    assert rows("SELECT name FROM sqlite_schema WHERE name = 'u'") == []
    assert "0002_u.sql" in done("d1", "migrations", "list", "SHOP", "--remote")


def test_export(project: Path, shop: str) -> None:
    rows("CREATE TABLE t (a); INSERT INTO t VALUES ('x'), (x'01ff'); SELECT 1")
    done("d1", "export", "SHOP", "--remote", "--output", "dump.sql", "--skip-confirmation")
    anew = sqlite3.connect(":memory:")
    anew.executescript((project / "dump.sql").read_text())
    assert anew.execute("SELECT a FROM t").fetchall() == [("x",), (b"\x01\xff",)]


def test_databases(shop: str) -> None:
    assert [one["name"] for one in json.loads(done("d1", "list", "--json"))] == ["shop"]
    assert shop in done("d1", "list")
    assert json.loads(done("d1", "info", "SHOP", "--json"))["uuid"] == shop
    assert "database_size" in done("d1", "info", "shop")
    said = done("d1", "delete", "shop")
    assert "? Ok to proceed?\n🤖 Using fallback value in non-interactive context: yes\nDeleting...\n" in said
    assert json.loads(done("d1", "list", "--json")) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["info", "nope"], "Couldn't find DB with name 'nope'"),
        (["execute", "nope", "--remote", "--command", "SELECT 1"], "Couldn't find DB with name 'nope'"),
        (["execute", "DB", "--remote", "--preview", "--command", "SELECT 1"], 'No "preview_database_id" is'),
        (["execute", "DB", "--remote", "--command", "SELECT 1"], "failed."),
        (["delete", "nope"], "Couldn't find DB with name 'nope'"),
    ],
)
def test_mistakes(arguments: list[str], message: str) -> None:
    assert message in refused("d1", *arguments)
