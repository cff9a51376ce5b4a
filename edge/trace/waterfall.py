"""A waterfall for the terminal: one line a span, its bar where it was in time."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from edge.trace.record import SpanRecord
from edge.trace.tree import Node, modelled_s
from edge.trace.words import duration, first_token_s, group_of, headline, subject

_COLOURS = {
    "request": "white",
    "worker": "cyan",
    "fetch": "magenta",
    "storage": "green",
    "durable": "blue",
    "wait": "yellow",
    "network": "bright_black",
    "container": "bright_magenta",
    "other": "white",
}
_MEASURED, _MODELLED, _INSTANT, _TOKEN, _GOES_ON = "█", "▒", "│", "◆", "→"
_LABEL_CHARS_MAX = 48
_BAR_CHARS_MIN = 24
_TIME_CHARS = 9


def print_waterfall(roots: Sequence[Node], console: Console, *, spans_max: int = 200) -> None:
    """Print each tree; of a large one the first `spans_max` spans, and how many there are more."""
    for root in roots:
        console.print(_tree(root, console.width, spans_max))
        console.print()
    if roots:
        console.print(Text(f"{_MEASURED} measured  {_MODELLED} modelled  {_TOKEN} first token", "dim"))


def _tree(root: Node, width: int, spans_max: int) -> RenderableType:
    rows = list(root.walk())
    table = Table(box=None, padding=(0, 1, 0, 0), show_header=False)
    # The bar takes what the label and the two times leave.
    longest = max(len(_label(depth, node).plain) for depth, node in rows)
    room = width - 2 * _TIME_CHARS - 4
    label_chars = min(longest, _LABEL_CHARS_MAX, max(room - _BAR_CHARS_MIN, 10))
    bar_chars = max(room - label_chars, 10)
    table.add_column(width=label_chars, no_wrap=True, overflow="ellipsis")
    table.add_column(width=bar_chars, no_wrap=True)
    table.add_column(justify="right", no_wrap=True, width=_TIME_CHARS)
    table.add_column(justify="right", no_wrap=True, width=_TIME_CHARS, style="dim")
    scale = _Scale(root.span.start_s, root.axis_end_s, bar_chars)
    for depth, node in rows[:spans_max]:
        start_s = node.span.start_s - root.span.start_s
        took = duration(node.span.duration_s)
        table.add_row(_label(depth, node), _bar(node, scale), took, f"+{duration(start_s)}")
    more = len(rows) - spans_max
    note = [Text(f"… and {more} more spans (--spans {len(rows)} shows them)", "dim")] if more > 0 else []
    return Group(_heading(root), table, *note)


def _heading(root: Node) -> Text:
    heading = Text(headline(root), "bold")
    heading.append(f"  {duration(root.span.duration_s)}", "bold cyan")
    made_up_s = modelled_s(root)
    if root.span.modelled:
        heading.append("  virtual time", "dim")
    elif made_up_s:
        heading.append(f"  modelled {duration(made_up_s)}", "dim")
    first_s = first_token_s(root)
    if first_s is not None:
        heading.append(f"  first token {duration(first_s)}", "magenta")
    if root.span.error is not None:
        heading.append(f"  {root.span.error}", "red")
    return heading


def _label(depth: int, node: Node) -> Text:
    span = node.span
    label = Text("  " * depth)
    label.append(span.name, "bold red" if span.error else _COLOURS[group_of(span.name)])
    label.append(f" {subject(span)}", "dim")
    return label


class _Scale:
    """Seconds to columns."""

    def __init__(self, start_s: float, end_s: float, columns: int) -> None:
        self._start_s = start_s
        self._end_s = end_s
        self._per_s = (columns - 1) / (end_s - start_s) if end_s > start_s else 0.0

    def overruns(self, time_s: float) -> bool:
        return time_s > self._end_s

    def column(self, time_s: float) -> int:
        return int((min(time_s, self._end_s) - self._start_s) * self._per_s)


def _bar(node: Node, scale: _Scale) -> Text:
    span: SpanRecord = node.span
    first, last = scale.column(span.start_s), scale.column(span.end_s)
    cell = _MODELLED if span.modelled else _MEASURED
    cells = _INSTANT if first == last else cell * (last - first)
    if scale.overruns(span.end_s):
        cells = cells[:-1] + _GOES_ON
    bar = Text(" " * first + cells, "red" if span.error else _COLOURS[group_of(span.name)])
    chunk = node.first_chunk
    if chunk is not None and span.parent_id is None:
        at = min(scale.column(chunk.time_s), len(bar.plain) - 1)
        bar = Text.assemble(bar[:at], (_TOKEN, "bold magenta"), bar[at + 1 :])
    return bar
