"""What commands say: results on standard output, the rest on standard error; JSON as wrangler prints it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

#: Nothing is broken into lines in a pipe.
_WIDE = 100_000


UNAVAILABLE = (
    "⚠️ This process may take some time, during which your D1 database will be unavailable to serve queries."
)


def say(message: str) -> None:
    """A line for whoever watches."""
    click.echo(message)


def warn(message: str) -> None:
    """Something that may be wrong."""
    click.echo(f"{click.style('▲ [WARNING]', fg='yellow')} {message}", err=True)


def say_json(value: Any) -> None:
    """A result as JSON, indented as JavaScript does."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def say_snippet(what: str, section: str, entry: dict[str, str]) -> None:
    """What a configuration needs to bind something that was made."""
    say(f"To access your new {what} in your Worker, add the following snippet to your configuration file:")
    say_json({section: [entry]})


def say_fields(fields: Mapping[str, object], *, before: str = "") -> None:
    """Names and values, one a line, the values below each other."""
    width = max(map(len, fields)) + 3
    say(before + "\n".join(f"{f'{name}:':{width}}{value}" for name, value in fields.items()))


def is_terminal() -> bool:
    """Whether somebody reads standard output as it comes."""
    return sys.stdout.isatty()


def is_interactive() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def say_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table as wrangler draws it: as wide as the terminal, and in a pipe as wide as it needs to be."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=box.SQUARE, show_lines=True)
    for row in rows:
        table.add_row(*map(Text, row))
    Console(highlight=False, width=None if is_terminal() else _WIDE).print(table)


def confirm(question: str, *, fallback: bool = True) -> bool:
    """Ask. Where nobody can answer, the answer is `fallback`, and that is said (wrangler's `confirm`)."""
    if is_interactive():
        return click.confirm(question, default=True)
    say(f"? {question}")
    say(f"🤖 Using fallback value in non-interactive context: {'yes' if fallback else 'no'}")
    return fallback
