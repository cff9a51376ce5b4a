"""The group `edge d1`."""

from __future__ import annotations

import click

from wrangler_compat.cli.lazy import LazyGroup

_COMMANDS = {
    "execute": ("wrangler_compat.cli.d1.execute", "Run SQL."),
    "export": ("wrangler_compat.cli.d1.export", "Write a database as SQL."),
    "migrations": ("wrangler_compat.cli.d1.migrations", "Changes of the schema, in files."),
}


@click.group("d1", cls=LazyGroup, lazy=_COMMANDS)
def command() -> None:
    """Work with D1 databases.

    \b
    edge d1 execute DB --command "SELECT * FROM users"
    edge d1 migrations create DB "add users"
    edge d1 migrations apply DB
    """
