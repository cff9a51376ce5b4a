"""Many spans in few numbers: how often, how long, how many failed, by name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

from edge.trace.record import SpanRecord


@dataclass(frozen=True, slots=True)
class Operation:
    """All spans of one name."""

    name: str
    count: int
    errors: int
    p50_s: float
    p95_s: float
    max_s: float


def operations(spans: Iterable[SpanRecord]) -> list[Operation]:
    """One row a name, in the order of the names."""
    by_name: dict[str, list[SpanRecord]] = {}
    for span in spans:
        by_name.setdefault(span.name, []).append(span)
    return [_operation(name, group) for name, group in sorted(by_name.items())]


def _operation(name: str, spans: list[SpanRecord]) -> Operation:
    lengths = sorted(span.duration_s for span in spans)
    errors = sum(span.error is not None for span in spans)
    return Operation(name, len(spans), errors, quantile(lengths, 0.5), quantile(lengths, 0.95), lengths[-1])


def quantile(ordered: list[float], fraction: float) -> float:
    """The smallest of `ordered` that at least `fraction` of them do not exceed."""
    assert ordered, "nothing has no quantiles"
    assert 0 < fraction <= 1, fraction
    return ordered[ceil(len(ordered) * fraction) - 1]
