"""The group `edge kv`."""

from __future__ import annotations

import click

from wrangler_compat.cli.lazy import LazyGroup

_COMMANDS = {
    "bulk": ("wrangler_compat.cli.kv.bulk", "Many key-value pairs at once."),
    "namespace": ("wrangler_compat.cli.kv.namespace", "The namespaces of an account."),
    "key": ("wrangler_compat.cli.kv.key", "One key-value pair."),
}


@click.group("kv", cls=LazyGroup, lazy=_COMMANDS)
def command() -> None:
    """Read and write Workers KV.

    \b
    edge kv key put greeting hello --binding KV
    edge kv key get greeting --binding KV
    edge kv bulk put pairs.json --binding KV
    """
