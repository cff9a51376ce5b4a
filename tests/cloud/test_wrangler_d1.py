"""The real wrangler's `d1 … --remote` as a client: queries, migrations, import and export."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from tests.cloud.running import RunningCloud
from tests.cloud.wrangling import Wrangler

pytestmark = [pytest.mark.peers, pytest.mark.slow, pytest.mark.timeout(600)]  # many starts of Node.js

SCHEMA = """
CREATE TABLE authors (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL);
CREATE TABLE books (id INTEGER PRIMARY KEY, author INTEGER REFERENCES authors (id), title TEXT, cover BLOB);
CREATE INDEX by_title ON books (title);
INSERT INTO authors (name) VALUES ('It''s; me'), ('ü');
INSERT INTO books VALUES (1, 1, 'a', x'00ff'), (9007199254740993, 2, NULL, NULL);
CREATE TRIGGER tidy AFTER DELETE ON authors BEGIN
    DELETE FROM books WHERE author = old.id;
    UPDATE books SET title = 'x';
END;
"""


def test_migrations(wrangler: Wrangler, tmp_path: Path) -> None:
    wrangler("d1", "create", "library")
    [database] = wrangler.json("d1", "list", "--json")
    config = {
        "name": "app",
        "compatibility_date": "2026-06-01",
        "d1_databases": [
            {"binding": "DB", "database_name": "library", "database_id": database["uuid"]},
        ],
    }
    (tmp_path / "wrangler.jsonc").write_text(json.dumps(config))
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_first.sql").write_text(SCHEMA)
    (folder / "0002_broken.sql").write_text("CREATE TABLE more (a);\nINSERT INTO nowhere VALUES (1);")

    told = wrangler("d1", "migrations", "apply", "DB", "--remote", exit_code=1)
    assert "no such table: nowhere" in told
    query = ("d1", "execute", "library", "--remote", "--json", "--command")
    names = "SELECT name FROM d1_migrations; SELECT name FROM sqlite_master WHERE name = 'more'"
    applied, half_done = wrangler.json(*query, names)
    assert applied["results"] == [{"name": "0001_first.sql"}]
    assert half_done["results"] == []

    (folder / "0002_broken.sql").write_text("ALTER TABLE books ADD COLUMN year INTEGER DEFAULT 2026;")
    wrangler("d1", "migrations", "apply", "DB", "--remote")
    [found] = wrangler.json(*query, "SELECT count(*) AS n, max(year) AS year FROM books")
    assert found["results"] == [{"n": 2, "year": 2026}]
    assert found["meta"]["rows_read"] > 0
    assert "No migrations to apply" in wrangler("d1", "migrations", "list", "DB", "--remote")


def test_import_and_export(cloud: RunningCloud, wrangler: Wrangler, tmp_path: Path) -> None:
    wrangler("d1", "create", "library")
    (tmp_path / "schema.sql").write_text(SCHEMA)
    execute = ("d1", "execute", "library", "--remote", "-y")
    assert "Executed 6 queries" in wrangler(*execute, "--file", "schema.sql")
    (tmp_path / "broken.sql").write_text("DELETE FROM books; INSERT INTO nowhere VALUES (1);")
    assert "no such table: nowhere" in wrangler(*execute, "--file", "broken.sql", exit_code=1)

    wrangler("d1", "export", "library", "--remote", "--output", "all.sql")
    copy = sqlite3.connect(":memory:")
    copy.executescript((tmp_path / "all.sql").read_text())
    assert copy.execute("SELECT * FROM authors").fetchall() == [(1, "It's; me"), (2, "ü")]
    assert copy.execute("SELECT * FROM books").fetchall() == [
        (1, 1, "a", b"\0\xff"),
        (9007199254740993, 2, None, None),
    ]
    assert copy.execute("SELECT seq FROM sqlite_sequence").fetchall() == [(2,)]
    assert {name for (name,) in copy.execute("SELECT name FROM sqlite_master")} >= {"by_title", "tidy"}
    copy.close()

    wrangler(
        "d1", "export", "library", "--remote", "--output", "data.sql", "--no-schema", "--table", "authors"
    )
    assert (tmp_path / "data.sql").read_text().splitlines() == [
        "PRAGMA defer_foreign_keys=TRUE;",
        'INSERT INTO "authors" ("id","name") VALUES(1,\'It\'\'s; me\');',
        'INSERT INTO "authors" ("id","name") VALUES(2,\'ü\');',
    ]
    # What was exported can be imported.
    wrangler("d1", "create", "copy")
    wrangler("d1", "execute", "copy", "--remote", "-y", "--file", "all.sql")
    wrangler("d1", "delete", "library", "-y")
    assert [found["name"] for found in wrangler.json("d1", "list", "--json")] == ["copy"]
    told = wrangler("d1", "execute", "library", "--remote", "--command", "SELECT 1", exit_code=1)
    assert "Couldn't find a D1 DB with name or binding 'library'" in told
