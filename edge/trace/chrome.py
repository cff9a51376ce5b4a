"""The Chrome trace format, which Perfetto (ui.perfetto.dev) and chrome://tracing open.

Source: "Trace Event Format" (Google, catapult project): complete events (`X`), instants (`i`), metadata
(`M`); times in microseconds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from edge.trace.record import SpanRecord
from edge.trace.tree import Node, trees
from edge.trace.words import group_of, headline, subject

_US_PER_S = 1_000_000


def chrome_text(spans: Iterable[SpanRecord]) -> str:
    """Spans as a Chrome trace. Each tree is a process; spans that overlap get tracks of their own."""
    events: list[dict[str, Any]] = []
    for root in trees(spans):
        events += _tree_events(root)
    document = {"displayTimeUnit": "ms", "traceEvents": events}
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _tree_events(root: Node) -> list[dict[str, Any]]:
    process = root.span.id
    name = {"ph": "M", "name": "process_name", "pid": process, "tid": 0, "args": {"name": headline(root)}}
    events: list[dict[str, Any]] = [name]
    for track, node in tracks(root):
        events.append(_complete(node.span, process, track))
        events += [
            {
                "ph": "i",
                "s": "t",
                "name": event.name,
                "pid": process,
                "tid": track,
                "ts": _us(event.time_s),
                "args": dict(event.tags),
            }
            for event in node.span.events
        ]
    return events


def _complete(span: SpanRecord, process: int, track: int) -> dict[str, Any]:
    about = subject(span)
    arguments: dict[str, Any] = {**span.tags, "modelled": span.modelled}
    if span.error is not None:
        arguments["error"] = span.error
    return {
        "ph": "X",
        "name": f"{span.name} {about}" if about else span.name,
        "cat": group_of(span.name) + (",modelled" if span.modelled else ",measured"),
        "pid": process,
        "tid": track,
        "ts": _us(span.start_s),
        "dur": _us(span.end_s) - _us(span.start_s),
        "args": arguments,
    }


def tracks(root: Node) -> Sequence[tuple[int, Node]]:
    """Each node with its track, from 1. The format shows what lies within another span of its track as
    under it, so a track holds nested spans only: what overlaps a span otherwise goes elsewhere."""
    placed: list[tuple[int, Node]] = []
    open_until: list[list[float]] = []  # by track, the ends of the spans that are open there
    for _, node in sorted(root.walk(), key=lambda row: (row[1].span.start_s, row[0], row[1].span.id)):
        placed.append((_track_for(node.span, open_until) + 1, node))
    return placed


def _track_for(span: SpanRecord, open_until: list[list[float]]) -> int:
    for track, ends in enumerate(open_until):
        while ends and ends[-1] <= span.start_s:
            ends.pop()
        if not ends or span.end_s <= ends[-1]:
            ends.append(span.end_s)
            return track
    open_until.append([span.end_s])
    return len(open_until) - 1


def _us(seconds: float) -> int:
    return round(seconds * _US_PER_S)
