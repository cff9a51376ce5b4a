"""`edge trace`: look at what a run recorded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.errors import UserError

if TYPE_CHECKING:
    from edge.trace.tree import Node

_TREES_IN_HTML_MAX = 200


@click.command("trace")
@click.argument("file", metavar="FILE")
@click.option("--html", metavar="OUT", help="Write one self-contained page.")
@click.option("--chrome", metavar="OUT", help="Write a Chrome trace, which ui.perfetto.dev opens.")
@click.option("--otlp", metavar="OUT", help="Write OTLP/JSON, for an OpenTelemetry collector.")
@click.option("--slowest", type=click.IntRange(min=1), metavar="N",
              help="Only the N slowest traces, the slowest first.")  # fmt: skip
@click.option(
    "--spans", "spans_max", type=click.IntRange(min=1), default=200, show_default=True, metavar="N",
    help="Lines of one trace in the terminal.",
)  # fmt: skip
def command(
    file: str, html: str | None, chrome: str | None, otlp: str | None, slowest: int | None, spans_max: int
) -> None:
    """Print the waterfalls of a trace FILE (`edge dev --trace`, `edge sim --trace`), or write them
    elsewhere.

    \b
    edge trace trace.jsonl --slowest 5
    edge trace trace.jsonl --html trace.html
    """
    from edge.trace.chrome import chrome_text
    from edge.trace.lines import read_trace
    from edge.trace.otlp import otlp_text
    from edge.trace.tree import trees

    roots = trees(read_trace(Path(file)))
    if not roots:
        raise UserError(f"the trace {file} is empty: nothing happened, or the run was cut off")
    if slowest is not None:
        roots = sorted(roots, key=lambda root: root.span.start_s - root.span.end_s)[:slowest]
    spans = [node.span for root in roots for _, node in root.walk()]
    if html is not None:
        _write(html, _page(Path(file).name, roots))
    if chrome is not None:
        _write(chrome, chrome_text(spans))
    if otlp is not None:
        _write(otlp, otlp_text(spans))
    if html is chrome is otlp is None:
        _print(roots, spans_max)


def _page(title: str, roots: list[Node]) -> str:
    from edge.trace.html import trace_page

    return trace_page(title, roots[:_TREES_IN_HTML_MAX], left_out=max(0, len(roots) - _TREES_IN_HTML_MAX))


def _print(roots: list[Node], spans_max: int) -> None:
    from rich.console import Console

    from edge.trace.waterfall import print_waterfall

    print_waterfall(roots, Console(highlight=False), spans_max=spans_max)


def _write(name: str, text: str) -> None:
    from wrangler_compat.cli.files import write_text

    write_text(name, text)
    click.echo(f"wrote {name}")
