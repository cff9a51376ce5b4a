"""Several sinks for the spans of one tracer."""

from __future__ import annotations

from edge.kernel.spans import Sink, Span


class Fanout:
    """Hands each span to every one of `sinks` (`edge.kernel.spans.Sink`)."""

    def __init__(self, *sinks: Sink) -> None:
        self._sinks = sinks

    def ended(self, span: Span) -> None:
        for sink in self._sinks:
            sink.ended(span)
