"""The flags for what is stored beside an object: its HTTP metadata."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import wraps

import click

from edge.r2.logic.entry import HttpMetadata
from wrangler_compat.cli.flags import Function, flags


def http_flags(function: Function) -> Function:
    """`--content-type` and its like; the command takes `http`."""

    @wraps(function)
    def with_http(
        *args: object,
        content_type: str | None,
        content_disposition: str | None,
        content_encoding: str | None,
        content_language: str | None,
        cache_control: str | None,
        expires: str | None,
        **rest: object,
    ) -> None:
        http = HttpMetadata(
            content_type,
            content_language,
            content_disposition,
            content_encoding,
            cache_control,
            None if expires is None else _time_ms(expires),
        )
        function(*args, http=http, **rest)

    return flags(
        with_http,
        click.option("--content-type", "--ct", metavar="TYPE", help="Its MIME type."),
        click.option("--content-disposition", "--cd", metavar="TEXT", help="How it is presented."),
        click.option("--content-encoding", "--ce", metavar="TEXT", help="What was done to its bytes."),
        click.option("--content-language", "--cl", metavar="TEXT", help="The language it is in."),
        click.option("--cache-control", "--cc", metavar="TEXT", help="How long it may be cached, and where."),
        click.option("--expires", metavar="DATE", help="When it is no longer cached: an HTTP or ISO date."),
    )


def _time_ms(text: str) -> int:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        try:
            found = parsedate_to_datetime(text)
        except ValueError:
            raise click.UsageError(f'--expires: "{text}" is neither an HTTP date nor an ISO date') from None
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)
