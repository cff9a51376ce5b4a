"""`edge d1 export`.

Source: wrangler 4.164, `d1 export`.
"""

from __future__ import annotations

import click

from wrangler_compat.cli.d1.access import announce, opened
from wrangler_compat.cli.d1.target import find_database
from wrangler_compat.cli.files import writing
from wrangler_compat.cli.flags import Place, place_flags
from wrangler_compat.cli.saying import say


@click.command("export")
@click.argument("database")
@click.option("--output", required=True, metavar="FILE", help="Where to write the SQL.")
@click.option("--table", "tables", multiple=True, metavar="NAME", help="Only this table; may be repeated.")
@click.option("--no-schema", is_flag=True, help="Only what is in the tables.")
@click.option("--no-data", is_flag=True, help="Only the tables themselves.")
@place_flags
def command(
    database: str, output: str, tables: tuple[str, ...], no_schema: bool, no_data: bool, place: Place
) -> None:
    """Write DATABASE as SQL that makes it anew. A file that is there is replaced once all is written.

    \b
    edge d1 export DB --output dump.sql
    edge d1 export DB --output users.sql --table users --no-schema
    """
    place.announce()
    if no_schema and no_data:
        raise click.UsageError(
            "Cannot use --no-schema and --no-data together. At least one of schema or data must be included "
            "in the export. Remove one of the flags."
        )
    found = find_database(place.project, database)
    announce(place, found, "Exporting", "export")
    say(f"🌀 Exporting SQL to {output}...")
    with opened(place, found) as access, writing(output) as file:
        for piece in access.dump(tables, schema=not no_schema, data=not no_data):
            file.write(piece.encode(errors="surrogateescape"))
    say("Done!")
