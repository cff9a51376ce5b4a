"""`edge d1 migrations`.

Source: wrangler 4.164, `d1 migrations create`, `list` and `apply`.
"""

from __future__ import annotations

import click

from edge.errors import UserError
from wrangler_compat.cli.d1.access import Access, Opened, opened
from wrangler_compat.cli.d1.migration_files import check_fits, first_line, migration_names, next_name
from wrangler_compat.cli.d1.sql_text import decode, split
from wrangler_compat.cli.d1.target import Database, find_database
from wrangler_compat.cli.files import read_bytes
from wrangler_compat.cli.flags import Place, place_flags, project_flags
from wrangler_compat.cli.project import Project
from wrangler_compat.cli.saying import confirm, say, say_table

_WAITS, _DONE = "🕒️", "✅"


@click.group("migrations")
def command() -> None:
    """Changes of a database's schema, in files that are applied once, in the order of their numbers.

    \b
    edge d1 migrations create DB "add users"
    edge d1 migrations apply DB
    """


@command.command("create")
@click.argument("database")
@click.argument("message")
@project_flags
def create(database: str, message: str, project: Project) -> None:
    """Make the file of a new migration of DATABASE, named after MESSAGE.

    \b
    edge d1 migrations create DB "add users"
    """
    from edge.kernel.clock import WallClock

    found = find_database(project, database)
    next_name([], message)  # whether it is a name at all, before anything is asked or made
    if not found.folder.is_dir() and not _made_folder(found):
        raise UserError(f"No migrations present at {found.folder}.")
    name = next_name(migration_names(found), message)
    check_fits(found, name)
    path = found.folder / name
    with path.open("x", encoding="utf-8") as file:
        file.write(first_line(name, WallClock().now()))
    say(f"✅ Successfully created Migration '{name}'!\n")
    say(f"The migration is available for editing here\n{path}")


@command.command("list")
@click.argument("database")
@click.option("--preview", is_flag=True, help="The preview database; with --remote.")
@place_flags
def list_migrations(database: str, preview: bool, place: Place) -> None:
    """Print the migrations that DATABASE does not have yet.

    \b
    edge d1 migrations list DB
    """
    place.announce()
    found = _found(place, database, preview=preview)
    with opened(place, database, preview=preview) as target:
        waiting = _unapplied(target.access, found)
    if not waiting:
        say("✅ No migrations to apply!")
        return
    say("Migrations to be applied:")
    say_table(["Name"], [[name] for name in waiting])


@command.command("apply")
@click.argument("database")
@click.option("--preview", is_flag=True, help="The preview database; with --remote.")
@place_flags
def apply(database: str, preview: bool, place: Place) -> None:
    """Apply the migrations that DATABASE does not have yet. Each is one transaction: one that fails changes
    nothing, and those before it stay.

    \b
    edge d1 migrations apply DB
    """
    place.announce()
    found = _found(place, database, preview=preview)
    with opened(place, database, preview=preview) as target:
        waiting = _unapplied(target.access, found)
        if not waiting:
            say("✅ No migrations to apply!")
            return
        say("Migrations to be applied:")
        say_table(["name"], [[name] for name in waiting])
        if not confirm(
            f"About to apply {len(waiting)} migration(s)\n"
            "Your database may not be available to serve requests during the migration, continue?"
        ):
            return
        for count, name in enumerate(waiting, 1):
            _apply(target, found, name)
            say_table(
                ["name", "status"], [[one, _DONE if i < count else _WAITS] for i, one in enumerate(waiting)]
            )


def _found(place: Place, called: str, *, preview: bool) -> Database:
    if preview and not place.remote:
        raise click.UsageError("Cannot use --preview without --remote. Remove --preview or add --remote.")
    return find_database(place.project, called)


def _made_folder(database: Database) -> bool:
    named = database.migrations_dir
    hint = f" Set `migrations_dir` in your {database.project.config_name} file to choose a different path."
    if not confirm(f"No migrations folder found.{'' if named else hint}\nOk to create {database.folder}?"):
        return False
    database.folder.mkdir(parents=True)
    return True


def _unapplied(access: Access, database: Database) -> list[str]:
    names = migration_names(database)
    table = database.migrations_table
    (known,) = access.run([f"SELECT name FROM sqlite_schema WHERE type = 'table' AND name = {_text(table)}"])
    if not known.rows:
        return names
    (applied,) = access.run([f"SELECT name FROM {_name(table)} ORDER BY id"])
    done = {row["name"] for row in applied.rows}
    return [name for name in names if name not in done]


def _apply(target: Opened, database: Database, name: str) -> None:
    target.announce()
    path = str(database.folder / name)
    table = _name(database.migrations_table)
    remember = f"INSERT INTO {table} (name) VALUES ({_text(name)})"
    try:
        statements = [*split(decode(read_bytes(path), path)), remember]
        target.access.run([_TABLE.format(table=table), *statements])
    except UserError as failure:
        raise UserError(
            f"{failure.message}\nThe migration {name} was not applied; nothing of it is in the database."
        ) from None
    say(f"🚣 {len(statements)} command{'s' * (len(statements) != 1)} executed successfully.")


_TABLE = """CREATE TABLE IF NOT EXISTS {table}(
\t\tid         INTEGER PRIMARY KEY AUTOINCREMENT,
\t\tname       TEXT UNIQUE,
\t\tapplied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)"""


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
