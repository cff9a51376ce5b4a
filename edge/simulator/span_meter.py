"""Times by operation, taken from the spans of a run."""

from __future__ import annotations

from edge.kernel.spans import Sink, Span
from edge.simulator.measurements import Measurements


class SpanMeter:
    """Counts each span that ends into the measurements and passes it on (`edge.kernel.spans.Sink`)."""

    __slots__ = ("_measurements", "_next")

    def __init__(self, measurements: Measurements, following: Sink | None) -> None:
        self._measurements = measurements
        self._next = following

    def ended(self, span: Span) -> None:
        name = span.name
        if (cache := span.tags.get("cache")) is not None:
            name = f"{name} {cache}"
        assert span.end_s is not None, "an ended span has an end"
        self._measurements.took(name, span.end_s - span.start_s)
        if self._next is not None:
            self._next.ended(span)
