"""`edge d1 export`.

Source: wrangler 4.164, `d1 export`.
"""

from __future__ import annotations

import click

from wrangler_compat.cli.d1.access import opened
from wrangler_compat.cli.files import writing
from wrangler_compat.cli.flags import Place, place_flags
from wrangler_compat.cli.saying import UNAVAILABLE, confirm, say


@click.command("export")
@click.argument("database")
@click.option("--output", required=True, metavar="FILE", help="Where to write the SQL.")
@click.option("--table", "tables", multiple=True, metavar="NAME", help="Only this table; may be repeated.")
@click.option("--no-schema", is_flag=True, help="Only what is in the tables.")
@click.option("--no-data", is_flag=True, help="Only the tables themselves.")
@click.option("-y", "--skip-confirmation", is_flag=True, help="Do not ask.")
@place_flags
def command(
    database: str,
    output: str,
    tables: tuple[str, ...],
    no_schema: bool,
    no_data: bool,
    skip_confirmation: bool,
    place: Place,
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
    if place.remote and not skip_confirmation and not confirm(f"{UNAVAILABLE}\n  Ok to proceed?"):
        return
    with opened(place, database) as found, writing(output) as file:
        found.announce("Exporting", "export")
        say(f"🌀 Exporting SQL to {output}...")
        file.write(found.access.dump(tables, schema=not no_schema, data=not no_data).encode())
    say("Done!")
