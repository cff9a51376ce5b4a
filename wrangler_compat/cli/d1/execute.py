"""`edge d1 execute`.

Source: wrangler 4.164, `d1 execute`.
"""

from __future__ import annotations

from collections.abc import Sequence

import click

from edge.errors import UserError
from edge.kv.logic.keys import well_formed
from edge.sql.logic.rules import has_statement
from wrangler_compat.cli.d1.access import Result, opened
from wrangler_compat.cli.d1.sql_text import decode, split
from wrangler_compat.cli.files import read_bytes
from wrangler_compat.cli.flags import Place, place_flags
from wrangler_compat.cli.saying import (
    UNAVAILABLE,
    confirm,
    is_interactive,
    is_terminal,
    say,
    say_json,
    say_table,
    warn,
)


@click.command("execute")
@click.argument("database")
@click.option("--command", "sql", metavar="SQL", help="The SQL to run: statements with semicolons between.")
@click.option("--file", metavar="FILE", help="A file of SQL to run.")
@click.option("-y", "--yes", is_flag=True, help="Answer yes to every question.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
@click.option("--preview", is_flag=True, help="The preview database; with --remote.")
@place_flags
def command(
    database: str, sql: str | None, file: str | None, yes: bool, as_json: bool, preview: bool, place: Place
) -> None:
    """Run SQL on DATABASE, the name or the binding of one, as one transaction.

    \b
    edge d1 execute DB --command "SELECT * FROM users"
    edge d1 execute my-database --file schema.sql
    edge d1 execute DB --command "SELECT 1 AS one" --json | jq '.[0].results'
    """
    if sql and file:
        raise click.UsageError("Error: can't provide both --command and --file.")
    if not sql and not file:
        raise click.UsageError(
            "Missing required option --command or --file. Provide a SQL command inline with "
            '--command="<SQL>", or a path to a SQL file with --file=<path>.'
        )
    if preview and not place.remote:
        raise click.UsageError(
            "Cannot use --preview without --remote. The --preview flag targets a preview D1 database, which "
            "requires the --remote flag. Remove --preview or add --remote."
        )
    if not as_json:
        place.announce()
    try:
        if file is None:
            results = _run(place, database, well_formed(str(sql)), preview=preview, quiet=as_json)
        else:
            asks = is_interactive() and not yes and not as_json
            results = _run_file(place, database, file, preview=preview, quiet=as_json, asks=asks)
    except UserError as refusal:
        if not as_json:
            raise
        say_json({"error": {"text": refusal.message}})
        raise SystemExit(1) from None
    if is_terminal() and not as_json:
        _say_tables(results)
    else:
        say_json([result.as_json() for result in results])


def _run(place: Place, called: str, sql: str, *, preview: bool, quiet: bool) -> list[Result]:
    with opened(place, called, preview=preview) as found:
        if not quiet:
            found.announce()
        statements = split(sql)
        if not statements:
            raise UserError("No SQL statements detected.")
        results = found.access.run(statements)
    if not quiet:
        _say_done(place, results)
    return results


def _run_file(
    place: Place, called: str, file: str, *, preview: bool, quiet: bool, asks: bool
) -> list[Result]:
    sql = _read(file)
    if place.remote and not quiet:
        if not asks:
            warn(UNAVAILABLE)
        elif not confirm(f"{UNAVAILABLE}\n  Ok to proceed?"):
            return []
    with opened(place, called, preview=preview, tell=_nothing if quiet else say) as found:
        if not quiet:
            found.announce()
        if not has_statement(sql):
            raise UserError("No SQL statements detected.")
        results = found.access.ingest(sql)
    if not quiet:
        _say_done(place, results)
    return results


def _say_done(place: Place, results: Sequence[Result]) -> None:
    count = len(results)
    if place.remote:
        total_ms = sum(result.duration_ms for result in results)
        say(f"🚣 Executed {count} command{'s' * (count != 1)} in {total_ms:.2f}ms")
    else:
        say(f"🚣 {count} command{'s' * (count != 1)} executed successfully.")


def _nothing(message: str) -> None:
    """Nobody wants to know."""


def _read(file: str) -> str:
    try:
        data = read_bytes(file)
    except UserError as failure:
        raise UserError(
            f'Unable to read SQL text file "{file}". Please check the file path and try again.\n{failure}'
        ) from None
    return decode(data, file)


def _say_tables(results: Sequence[Result]) -> None:
    for result in results:
        if result.rows:
            columns = list(result.rows[0])
            say_table(columns, [[_cell(row[column]) for column in columns] for row in result.rows])


def _cell(value: object) -> str:
    return "null" if value is None else str(value)
