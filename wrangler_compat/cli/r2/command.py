"""The group `edge r2`."""

from __future__ import annotations

import click

from wrangler_compat.cli.lazy import LazyGroup

_COMMANDS = {
    "bucket": ("wrangler_compat.cli.r2.bucket", "The buckets of an account."),
    "object": ("wrangler_compat.cli.r2.object", "Objects of a bucket."),
}


@click.group("r2", cls=LazyGroup, lazy=_COMMANDS)
def command() -> None:
    """Read and write R2 buckets.

    \b
    edge r2 object put pictures/cat.png --file cat.png --content-type image/png
    edge r2 object get pictures/cat.png --file copy.png
    """
