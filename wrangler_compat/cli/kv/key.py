"""`edge kv key`: one pair at a time.

Source: wrangler 4.164, `kv key put`, `get`, `list` and `delete`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import click

from edge.kv.logic.keys import well_formed
from edge.kv.logic.listing import ListedKey
from edge.kv.logic.options import PutOptions
from wrangler_compat.cli.files import read_bytes, strict_json
from wrangler_compat.cli.kv.flags import Chosen, namespace_flags
from wrangler_compat.cli.saying import is_terminal, say, say_json, say_table


@click.group("key")
def command() -> None:
    """One key-value pair.

    \b
    edge kv key put greeting hello --binding KV --ttl 3600
    edge kv key get greeting --binding KV --text
    """


@command.command("put")
@click.argument("key")
@click.argument("value", required=False)
@click.option("--path", metavar="FILE", help="Read the value from this file.")
@click.option("--ttl", type=int, metavar="SECONDS", help="How long the pair lives.")
@click.option("--expiration", type=int, metavar="TIME", help="When it ends: seconds since 1970.")
@click.option("--metadata", metavar="JSON", help="What is remembered with the value.")
@namespace_flags(preview=None)
def put(
    key: str,
    value: str | None,
    path: str | None,
    ttl: int | None,
    expiration: int | None,
    metadata: str | None,
    chosen: Chosen,
) -> None:
    """Write VALUE, or the bytes of a file, under KEY.

    \b
    edge kv key put greeting hello --binding KV
    edge kv key put logo --path logo.png --metadata '{"type": "image/png"}' --binding KV
    """
    if value is None and path is None:
        raise click.UsageError("Missing required option: exactly one of <value> and --path must be provided")
    if value is not None and path is not None:
        raise click.UsageError(
            "Conflicting options: <value> and --path cannot be used together. Please provide only one."
        )
    options = PutOptions(expiration, ttl, _metadata_json(metadata))
    key = well_formed(key)
    chosen.place.announce()
    if value is not None:
        data, what = value.encode(errors="surrogateescape"), f'the value "{well_formed(value)}" to key'
    else:
        data, what = read_bytes(str(path)), f"the contents of {path} to the key"
    remembered = "" if metadata is None else f' with metadata "{options.metadata_json}"'
    say(f'Writing {what} "{key}" on namespace {chosen.target.shown}{remembered}.')
    with chosen.opened() as namespace:
        namespace.put(key, data, options)


@command.command("get")
@click.argument("key")
@click.option("--text", is_flag=True, help="Print the value as text, with a newline after it.")
@namespace_flags(preview=False)
def get(key: str, text: bool, chosen: Chosen) -> None:
    """Print the value of KEY: its bytes, and nothing else.

    \b
    edge kv key get greeting --binding KV --text
    edge kv key get logo --binding KV > logo.png
    """
    with chosen.opened() as namespace:
        value = namespace.get(well_formed(key))
    if value is None:
        say("Value not found")
    elif text:
        say(value.decode(errors="replace"))
    else:
        click.echo(value, nl=False)


@command.command("list")
@click.option("--prefix", default="", metavar="TEXT", help="Only keys that start with it.")
@namespace_flags(preview=False)
def list_keys(prefix: str, chosen: Chosen) -> None:
    """Print the keys: a table on a terminal, JSON elsewhere.

    \b
    edge kv key list --binding KV
    edge kv key list --binding KV --prefix user: | jq '.[].name'
    """
    with chosen.opened() as namespace:
        found = namespace.list_keys(well_formed(prefix))
    if is_terminal():
        _say_keys(found)
    else:
        say_json([_as_json(key) for key in found])


@command.command("delete")
@click.argument("key")
@namespace_flags(preview=None)
def delete(key: str, chosen: Chosen) -> None:
    """Remove KEY; no error when it is not there.

    \b
    edge kv key delete greeting --binding KV
    """
    key = well_formed(key)
    chosen.place.announce()
    say(f'Deleting the key "{key}" on namespace {chosen.target.shown}.')
    with chosen.opened() as namespace:
        namespace.delete(key)


def _metadata_json(text: str | None) -> str | None:
    """The metadata as it is stored. Raises click.UsageError."""
    if text is None:
        return None
    try:
        return well_formed(json.dumps(strict_json(text), ensure_ascii=False, separators=(",", ":")))
    except ValueError:
        raise click.UsageError(f"--metadata must be valid JSON. Received: {text}") from None


def _as_json(key: ListedKey) -> dict[str, Any]:
    found: dict[str, Any] = {"name": key.name}
    if key.expiration_ms is not None:
        found["expiration"] = key.expiration_ms // 1000
    if key.metadata_json is not None:
        found["metadata"] = json.loads(key.metadata_json)
    return found


def _say_keys(keys: Sequence[ListedKey]) -> None:
    say_table(
        ("name", "expiration", "metadata"),
        [(key.name, _when(key.expiration_ms), key.metadata_json or "") for key in keys],
    )


def _when(time_ms: int | None) -> str:
    from datetime import UTC, datetime

    return "" if time_ms is None else f"{datetime.fromtimestamp(time_ms / 1000, UTC):%Y-%m-%d %H:%M:%SZ}"
