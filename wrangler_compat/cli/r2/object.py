"""`edge r2 object`: one object at a time.

Source: wrangler 4.164, `r2 object get`, `put` and `delete`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from edge.errors import UserError
from edge.r2.logic.entry import HttpMetadata
from wrangler_compat.cli.files import reading, writing
from wrangler_compat.cli.flags import Place, place_flags
from wrangler_compat.cli.r2.access import opened
from wrangler_compat.cli.r2.http_flags import http_flags
from wrangler_compat.cli.r2.object_path import ObjectPath
from wrangler_compat.cli.saying import say

_ABSENT = "The specified key does not exist."


@click.group("object")
def command() -> None:
    """Objects of a bucket.

    \b
    edge r2 object put pictures/cat.png --file cat.png
    edge r2 object get pictures/cat.png --pipe | wc -c
    """


@command.command("get")
@click.argument("path", metavar="BUCKET/KEY")
@click.option("-f", "--file", metavar="FILE", help="Where to write it; a file named as the key unless given.")
@click.option("-p", "--pipe", is_flag=True, help="Write it to standard output, and nothing else.")
@place_flags
def get(path: str, file: str | None, pipe: bool, place: Place) -> None:
    """Write an object to a file. One that is there is replaced once all has arrived.

    \b
    edge r2 object get pictures/cat.png
    edge r2 object get pictures/cat.png --file copy.png
    edge r2 object get pictures/cat.png --pipe > copy.png
    """
    if pipe and file is not None:
        raise click.UsageError("Arguments file and pipe are mutually exclusive")
    if pipe:
        wanted = ObjectPath.parse(path)
        with opened(place, wanted.bucket) as bucket:
            found = bucket.get(wanted.key, sys.stdout.buffer.write)
        if not found:
            raise UserError(_ABSENT)
        return
    place.announce()
    wanted = ObjectPath.parse(path)
    target = file or wanted.file()
    say(f'Downloading "{wanted.key}" from "{wanted.bucket}".')
    with opened(place, wanted.bucket) as bucket, writing(target) as out:
        if not bucket.get(wanted.key, out.write):
            raise UserError(_ABSENT)
    say("Download complete.")


@command.command("put")
@click.argument("path", metavar="BUCKET/KEY")
@click.option("-f", "--file", metavar="FILE", help="The file to store.")
@click.option("-p", "--pipe", is_flag=True, help="Store what comes from standard input.")
@http_flags
@place_flags
def put(path: str, file: str | None, pipe: bool, http: HttpMetadata, place: Place) -> None:
    """Store a file as an object.

    \b
    edge r2 object put pictures/cat.png --file cat.png --content-type image/png
    tar c src | edge r2 object put backups/src.tar --pipe
    """
    if file is not None and pipe:
        raise click.UsageError("Arguments file and pipe are mutually exclusive")
    if file is None and not pipe:
        raise click.UsageError("Either the --file or --pipe options are required.")
    place.announce()
    wanted = ObjectPath.parse(path)
    if file is not None and not Path(file).exists():
        raise UserError(f'The file "{file}" does not exist.')
    with reading(file) as body, opened(place, wanted.bucket) as bucket:
        say(f'Creating object "{wanted.key}" in bucket "{wanted.bucket}".')
        bucket.put(wanted.key, body, http)
    say("Upload complete.")


@command.command("delete")
@click.argument("path", metavar="BUCKET/KEY")
@place_flags
def delete(path: str, place: Place) -> None:
    """Remove an object; no error when it is not there.

    \b
    edge r2 object delete pictures/cat.png
    """
    place.announce()
    wanted = ObjectPath.parse(path)
    say(f'Deleting object "{wanted.key}" from bucket "{wanted.bucket}".')
    with opened(place, wanted.bucket) as bucket:
        bucket.delete(wanted.key)
    say("Delete complete.")
