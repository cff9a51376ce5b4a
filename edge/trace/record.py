"""A finished span as plain data: what recorders keep, files hold and pages show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edge.kernel.spans import Span, Tag

#: Digits of a second that are kept: microseconds. More would only be noise of floats.
DIGITS = 6


@dataclass(frozen=True, slots=True)
class EventRecord:
    """A moment within a span."""

    time_s: float
    name: str
    tags: Mapping[str, Tag] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SpanRecord:
    """A stretch of time; times in seconds since the epoch, to the microsecond."""

    trace_id: int
    id: int
    parent_id: int | None
    name: str
    start_s: float
    end_s: float
    modelled: bool = False
    error: str | None = None
    tags: Mapping[str, Tag] = field(default_factory=dict)
    events: tuple[EventRecord, ...] = ()

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s


def record_of(span: Span) -> SpanRecord:
    """What is known of a span that has ended."""
    assert span.end_s is not None, "only finished spans are recorded"
    return SpanRecord(
        span.trace_id,
        span.id,
        span.parent_id,
        span.name,
        round(span.start_s, DIGITS),
        round(span.end_s, DIGITS),
        span.modelled,
        span.error,
        {name: _plain(value) for name, value in sorted(span.tags.items()) if value is not None},
        tuple(
            EventRecord(round(event.time_s, DIGITS), event.name, dict(sorted(event.tags.items())))
            for event in span.events
        ),
    )


def _plain(value: Any) -> Tag:
    return round(value, 9) if isinstance(value, float) else value
