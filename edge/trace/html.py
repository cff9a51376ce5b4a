"""One self-contained page of waterfalls: nothing is loaded from anywhere, and it works without scripts.

Solid bars are time that was measured, hatched ones time that the model of the network made up; a diamond
is the first chunk of a streamed answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from html import escape
from importlib.resources import files
from math import floor, log10

from edge.trace.record import SpanRecord
from edge.trace.summary import Operation, operations
from edge.trace.tree import Node, modelled_s
from edge.trace.words import duration, first_token_s, group_of, headline, subject

SPANS_SHOWN_MAX = 500  # of one tree
_TICKS_SHOWN_MAX = 200  # of one bar
_TICKS_ON_AXIS = 5


@cache
def style() -> str:
    """The style sheet of all pages."""
    return files("edge.trace").joinpath("style.css").read_text(encoding="utf-8")


def page(title: str, body: str) -> str:
    """A whole document."""
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{style()}</style>'
        f"</head><body>\n{body}\n</body></html>\n"
    )


def trace_page(title: str, roots: Sequence[Node], left_out: int = 0) -> str:
    """The page of a trace file. The first tree is open; `left_out` trees are only counted."""
    spans = [node.span for root in roots for _, node in root.walk()]
    cards = "\n".join(card(root, is_open=index == 0) for index, root in enumerate(roots))
    more = f'<p class="soft">{left_out:,} more traces are not shown.</p>' if left_out else ""
    heading = (
        f'<header class="page"><h1>{escape(title)}</h1><span class="soft">{len(roots):,} traces, '
        f"{len(spans):,} spans</span></header>"
    )
    return page(title, f"{heading}{legend(spans)}{cards}{more}{_operations(operations(spans))}")


def legend(spans: Sequence[SpanRecord]) -> str:
    """What the colours, the hatching and the diamond mean."""
    groups = dict.fromkeys(group_of(span.name) for span in spans)
    keys = "".join(f'<span class="g-{group}"><i></i>{group}</span>' for group in groups)
    if spans and all(span.modelled for span in spans):
        return f'<p class="legend">{keys}<span>virtual time: all of it is modelled</span>{_TOKEN_KEY}</p>'
    return f'<p class="legend">{keys}{_MADE_KEY}{_TOKEN_KEY}</p>'


_MADE_KEY = '<span><i></i>measured</span><span><i class="made" style="--c:var(--soft)"></i>modelled</span>'
_TOKEN_KEY = "<span><b>◆</b>first token</span>"


def card(root: Node, *, is_open: bool = False, rows_max: int = SPANS_SHOWN_MAX) -> str:
    """One tree that can be folded, its first `rows_max` spans."""
    return (
        f'<details class="card"{" open" if is_open else ""}><summary>{_heading(root)}</summary>'
        f"{waterfall(root, rows_max)}</details>"
    )


def _heading(root: Node) -> str:
    span = root.span
    facts = []
    first_s = first_token_s(root)
    if first_s is not None:
        facts.append(f'<span class="token">first token {duration(first_s)}</span>')
    made_up_s = modelled_s(root)
    if made_up_s and not span.modelled:
        facts.append(f"<span>modelled {duration(made_up_s)}</span>")
    if "place" in span.tags:
        facts.append(f"<span>{_text(span.tags['place'])}</span>")
    facts.append(f"<strong>{duration(span.duration_s)}</strong>")
    what = f'<span class="what mono">{escape(_title(root))}</span>'
    return f'{what}{_pill(span)}<span class="facts">{"".join(facts)}</span>'


def _title(root: Node) -> str:
    words = headline(root)
    status = root.span.tags.get("status")
    return words.removesuffix(f" {status}") if status is not None else words


def _pill(span: SpanRecord) -> str:
    status = span.tags.get("status")
    if span.error is not None:
        return f'<span class="pill bad">{escape(span.error[:80])}</span>'
    if status is None:
        return ""
    bad = isinstance(status, int) and status >= 400
    return f'<span class="pill{" bad" if bad else ""}">{_text(status)}</span>'


def waterfall(root: Node, rows_max: int = SPANS_SHOWN_MAX) -> str:
    """The rows of one tree over a common axis of time."""
    axis = _Axis(root)
    nodes = list(root.walk())
    rows = "".join(_row(node, depth, axis) for depth, node in nodes[:rows_max])
    more = len(nodes) - rows_max
    note = f'<p class="soft note">{more:,} more spans.</p>' if more > 0 else ""
    return f'<div class="fall"><div class="over">{axis.ticks()}</div>{rows}{note}</div>'


class _Axis:
    """Moments of one tree as places in its lane."""

    def __init__(self, root: Node) -> None:
        self.start_s = root.span.start_s
        self.width_s = max(root.axis_end_s - self.start_s, 1e-6)
        self._first_token_s = first_token_s(root)
        #: In virtual time everything is modelled: hatching all bars would tell nothing apart.
        self.virtual = root.span.modelled

    def since(self, time_s: float) -> float:
        """Seconds from the beginning of the tree, never negative."""
        return max(0.0, time_s - self.start_s)

    def left(self, time_s: float) -> str:
        return self._percent(self.since(time_s))

    def bar(self, span: SpanRecord) -> str:
        """The style of a span's bar, which ends with the lane."""
        start_s = min(self.since(span.start_s), self.width_s)
        end_s = min(self.since(span.end_s), self.width_s)
        return f"left:{self._percent(start_s)};width:{self._percent(end_s - start_s)}"

    def overruns(self, span: SpanRecord) -> bool:
        """Whether a span goes on beyond the axis."""
        return self.since(span.end_s) > self.width_s * 1.0001

    def ticks(self) -> str:
        """The lines and labels behind the bars, and the line of the first token."""
        step_s = _step(self.width_s / _TICKS_ON_AXIS)
        marks = [
            f'<span style="left:{self._percent(time_s)}">{duration(time_s) if time_s else "0"}</span>'
            for time_s in (index * step_s for index in range(2 * _TICKS_ON_AXIS))
            if time_s < self.width_s * 0.97
        ]
        if self._first_token_s is not None:
            marks.append(f'<span class="first" style="left:{self._percent(self._first_token_s)}"></span>')
        return "".join(marks)

    def _percent(self, part_s: float) -> str:
        return f"{min(1.0, part_s / self.width_s) * 100:.3f}%"


def _step(at_least: float) -> float:
    """The next round number: 1, 2 or 5 times a power of ten."""
    unit = 10.0 ** floor(log10(at_least))
    return next(factor * unit for factor in (1, 2, 5, 10) if factor * unit >= at_least * 0.999)


def _row(node: Node, depth: int, axis: _Axis) -> str:
    span = node.span
    about = subject(span)
    name = f"<span>{escape(span.name)}</span>" + (f"<em>{escape(about)}</em>" if about else "")
    kind = "bar made" if span.modelled and not axis.virtual else "bar"
    kind += " on" if axis.overruns(span) else ""
    ticks = _ticks(node, axis) if depth == 0 else ""
    failed = " failed" if span.error is not None else ""
    return (
        f'<details class="row g-{group_of(span.name)}{failed}" style="--d:{depth}"><summary>'
        f'<span class="name mono" title="{escape(about)}">{name}</span>'
        f'<span class="lane"><span class="{kind}" style="{axis.bar(span)}"></span>{ticks}</span>'
        f'<span class="took">{duration(span.duration_s)}</span></summary>{_more(span, axis)}</details>'
    )


def _ticks(node: Node, axis: _Axis) -> str:
    first = node.first_chunk
    marks = []
    for event in node.span.events[:_TICKS_SHOWN_MAX]:
        kind = "tick first" if event is first else "tick"
        title = escape(f"{event.name} +{duration(axis.since(event.time_s))}")
        marks.append(f'<span class="{kind}" style="left:{axis.left(event.time_s)}" title="{title}"></span>')
    return "".join(marks)


def _more(span: SpanRecord, axis: _Axis) -> str:
    facts = [("begins", f"+{duration(axis.since(span.start_s))}")]
    facts += [(name, str(value)) for name, value in span.tags.items()]
    facts.append(("time", "modelled" if span.modelled else "measured"))
    if span.error is not None:
        facts.append(("error", span.error))
    for event in span.events[:_TICKS_SHOWN_MAX]:
        tags = ", ".join(f"{name} {value}" for name, value in event.tags.items())
        facts.append((event.name, f"+{duration(axis.since(event.time_s))} {tags}"))
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts)
    return f'<div class="more mono"><dl>{rows}</dl></div>'


def _operations(rows: Sequence[Operation]) -> str:
    if not rows:
        return ""
    head = "".join(f'<th class="n">{name}</th>' for name in ("count", "median", "p95", "max", "errors"))
    body = "".join(_operation(row) for row in rows)
    return f"<h2>Operations</h2><table><tr><th>span</th>{head}</tr>{body}</table>"


def _operation(row: Operation) -> str:
    times = "".join(f'<td class="n">{duration(time_s)}</td>' for time_s in (row.p50_s, row.p95_s, row.max_s))
    return (
        f'<tr><td class="mono">{escape(row.name)}</td><td class="n">{row.count:,}</td>{times}'
        f'<td class="n{" bad" if row.errors else ""}">{row.errors:,}</td></tr>'
    )


def _text(value: object) -> str:
    return escape(str(value))
