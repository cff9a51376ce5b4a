"""`edge kv bulk`: many pairs at once.

Source: wrangler 4.164, `kv bulk put`, `get` and `delete`.
"""

from __future__ import annotations

import click

from wrangler_compat.cli.files import read_json
from wrangler_compat.cli.kv.bulk_file import keys, pairs
from wrangler_compat.cli.kv.flags import Chosen, namespace_flags
from wrangler_compat.cli.saying import confirm, say, say_json, warn


@click.group("bulk")
def command() -> None:
    """Many key-value pairs at once, from a file of JSON.

    \b
    edge kv bulk put pairs.json --binding KV
    edge kv bulk get keys.json --binding KV
    """


@command.command("put")
@click.argument("filename", metavar="FILE")
@namespace_flags(preview=None)
def put(filename: str, chosen: Chosen) -> None:
    """Write the pairs of FILE. On this machine it is all of them or, when one is wrong, none.

    FILE holds an array of {"key", "value"}, each with "expiration", "expiration_ttl", "metadata" or "base64"
    if wanted.

    \b
    edge kv bulk put pairs.json --binding KV
    """
    chosen.place.announce()
    found, warnings = pairs(read_json(filename), filename)
    for warning in warnings:
        warn(warning)
    with chosen.opened() as namespace:
        namespace.put_all(found)
    say("Success!")


@command.command("get")
@click.argument("filename", metavar="FILE")
@namespace_flags(preview=False)
def get(filename: str, chosen: Chosen) -> None:
    """Print the values of the keys in FILE as JSON.

    FILE holds an array of keys, or of objects with a "name".

    \b
    edge kv bulk get keys.json --binding KV
    """
    wanted = keys(read_json(filename), filename)
    with chosen.opened() as namespace:
        values = namespace.get_all(wanted)
    say_json({key: {"value": value} for key, value in values.items()})


@command.command("delete")
@click.argument("filename", metavar="FILE")
@click.option("-f", "--force", is_flag=True, help="Do not ask.")
@namespace_flags(preview=None)
def delete(filename: str, force: bool, chosen: Chosen) -> None:
    """Remove the keys in FILE: an array of keys, or of objects with a "name".

    \b
    edge kv bulk delete keys.json --binding KV --force
    """
    chosen.place.announce()
    question = f'Are you sure you want to delete all the keys read from "{filename}" from kv-namespace'
    if not force and not confirm(f"{question} {chosen.target.shown}?"):
        say(f'Not deleting keys read from "{filename}".')
        return
    doomed = keys(read_json(filename), filename)
    with chosen.opened() as namespace:
        namespace.delete_all(doomed)
    say("Success!")
