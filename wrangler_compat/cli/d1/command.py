"""The group `edge d1`."""

from __future__ import annotations

import click

from wrangler_compat.cli.lazy import LazyGroup

_DATABASES = "wrangler_compat.cli.d1.databases"
_COMMANDS = {
    "create": (f"{_DATABASES}:create", "Create a database on Cloudflare."),
    "delete": (f"{_DATABASES}:delete", "Delete a database on Cloudflare."),
    "execute": ("wrangler_compat.cli.d1.execute", "Run SQL."),
    "export": ("wrangler_compat.cli.d1.export", "Write a database as SQL."),
    "info": (f"{_DATABASES}:info", "What is known of a database on Cloudflare."),
    "list": (f"{_DATABASES}:list_databases", "The databases of an account on Cloudflare."),
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
