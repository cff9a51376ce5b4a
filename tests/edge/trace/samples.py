"""Spans to look at: a measured request with a modelled hop, a failed call and a streamed answer."""

from __future__ import annotations

from edge.trace.record import EventRecord, SpanRecord

START_S = 1_767_225_600.0


def span(
    number: int, parent: int | None, name: str, begins_s: float, lasts_s: float, **options: object
) -> SpanRecord:
    """A span of tree 1 unless `trace_id` says otherwise; times from START_S."""
    trace_id = options.pop("trace_id", 1)
    return SpanRecord(
        trace_id, number, parent, name, START_S + begins_s, START_S + begins_s + lasts_s, **options
    )  # type: ignore[arg-type]


CHUNKS = (
    EventRecord(START_S + 0.25, "headers"),
    EventRecord(START_S + 0.5, "chunk", {"size_bytes": 5}),
    EventRecord(START_S + 1.0, "chunk", {"size_bytes": 6}),
)
REQUEST = span(
    1,
    None,
    "request",
    0,
    1,
    tags={
        "method": "GET",
        "status": 200,
        "url": "http://app.test/chat?x=<b>&y",
        "worker": "app",
        "chunks": 2,
    },
    events=CHUNKS,
)
WORKER = span(2, 1, "worker.fetch", 0, 0.25, tags={"worker": "app"})
READ = span(3, 2, "kv.get", 0.0625, 0.125, tags={"cache": "stale", "key": "k", "stale_s": 0.5})
HOP = span(4, 3, "network.hop", 0.0625, 0.0625, modelled=True, tags={"source": "FRA", "target": "IAD"})
CALL = span(
    5,
    2,
    "durable.call",
    0.0625,
    0.125,
    error="Error: gone",
    tags={"class": "Room", "handler": "say", "id": "ab" * 32},
)
LATER = span(6, 1, "waituntil", 0.25, 5, tags={"of": "GET http://app.test/chat"})
ALL = [HOP, READ, CALL, WORKER, REQUEST, LATER]
