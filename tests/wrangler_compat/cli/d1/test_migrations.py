"""`edge d1 migrations`: files, their order, and each one whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.wrangler_compat.cli.conftest import CONFIG
from tests.wrangler_compat.cli.running import done, refused


def configure(project: Path, **more: str) -> None:
    database = {"binding": "DB", "database_name": "shared-db", "database_id": "shared-d1", **more}
    (project / "wrangler.jsonc").write_text(json.dumps({**CONFIG, "d1_databases": [database]}))


def write(project: Path, **migrations: str) -> None:
    (project / "migrations").mkdir(exist_ok=True)
    for name, sql in migrations.items():
        (project / "migrations" / f"{name.removeprefix('m')}.sql").write_text(sql)


def listed(said: str) -> list[str]:
    return [line.strip("│ ") for line in said.splitlines() if line.startswith("│")][1:]


def names(table: str = "d1_migrations") -> list[str]:
    sql = f"SELECT name FROM {table} ORDER BY id"
    (result,) = json.loads(done("d1", "execute", "DB", "--command", sql, "--json"))
    return [row["name"] for row in result["results"]]


def test_a_new_migration_has_the_next_number(project: Path) -> None:
    said = done("d1", "migrations", "create", "DB", "add users table")
    assert "No migrations folder found. Set `migrations_dir` in your wrangler.jsonc file" in said
    assert "✅ Successfully created Migration '0001_add_users_table.sql'!\n" in said
    path = project / "migrations" / "0001_add_users_table.sql"
    assert path.read_text().startswith("-- Migration number: 0001 \t 20")
    write(project, m0041_old="", mnone="")
    assert "'0042_second.sql'" in done("d1", "migrations", "create", "shared-db", "second")


def test_migrations_are_applied_once_in_the_order_of_their_numbers(project: Path) -> None:
    write(
        project,
        m10_ten="ALTER TABLE t ADD COLUMN b",
        m2_two="CREATE TABLE t (a); -- done",
        mlast="-- nothing",
    )
    order = ["2_two.sql", "10_ten.sql", "last.sql"]
    assert listed(done("d1", "migrations", "list", "DB")) == order
    said = done("d1", "migrations", "apply", "DB")
    assert "? About to apply 3 migration(s)" in said
    assert said.count("🚣 2 commands executed successfully.") == 2
    assert names() == order
    for command in ("list", "apply"):
        assert done("d1", "migrations", command, "DB").endswith("✅ No migrations to apply!\n")
    write(project, m11_late="CREATE TABLE u (a)")
    assert listed(done("d1", "migrations", "list", "DB")) == ["11_late.sql"]


def test_one_that_fails_changes_nothing_and_those_before_stay(project: Path) -> None:
    write(
        project, m1="CREATE TABLE t (a)", m2="CREATE TABLE u (a); INSERT INTO nope VALUES (1)", m3="SELECT 1"
    )
    said = refused("d1", "migrations", "apply", "DB")
    assert "no such table: nope: SQLITE_ERROR\nThe migration 2.sql was not applied" in said
    assert names() == ["1.sql"]
    assert listed(done("d1", "migrations", "list", "DB")) == ["2.sql", "3.sql"]
    write(project, m2="CREATE TABLE u (a)")
    done("d1", "migrations", "apply", "DB")
    assert names() == ["1.sql", "2.sql", "3.sql"]


def test_the_configuration_names_folder_and_table(project: Path) -> None:
    configure(project, migrations_dir="./db/changes", migrations_table='my "own"')
    said = done("d1", "migrations", "create", "DB", "first")
    assert "Set `migrations_dir`" not in said
    (project / "db" / "changes" / "0001_first.sql").write_text("CREATE TABLE t (a)")
    done("d1", "migrations", "apply", "DB")
    assert names('"my ""own"""') == ["0001_first.sql"]


def test_a_pattern_finds_what_other_tools_write(project: Path) -> None:
    configure(project, migrations_dir="drizzle", migrations_pattern="drizzle/*/migration.sql")
    for folder in ("0002_b", "0001_a"):
        (project / "drizzle" / folder).mkdir(parents=True)
        (project / "drizzle" / folder / "migration.sql").write_text(f"CREATE TABLE t{folder} (a)")
    assert listed(done("d1", "migrations", "list", "DB")) == ["0001_a/migration.sql", "0002_b/migration.sql"]
    assert "does not take a file 0003_c.sql" in refused("d1", "migrations", "create", "DB", "c")
    configure(project, migrations_pattern="drizzle/*/migration.sql")
    assert "must start with `${migrations_dir}/`" in refused("d1", "migrations", "list", "DB")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["create", "DB", "a/b"], 'The migration name "a/b" contains a path separator'),
        (["create", "DB", "a\\b"], "contains a path separator"),
        (["create", "NOPE", "a"], "Couldn't find a D1 DB with the name or binding 'NOPE'"),
        (["list", "NOPE"], "Couldn't find a D1 DB with the name or binding 'NOPE'"),
        (["apply", "DB"], "No migrations present at "),
        (["list", "DB", "--preview"], "Cannot use --preview without --remote."),
        (["create", "DB"], "Missing argument 'MESSAGE'"),
    ],
)
def test_mistakes(project: Path, arguments: list[str], message: str) -> None:
    assert message in refused("d1", "migrations", *arguments)
    assert not (project / "migrations").exists()
