"""The last traces in memory: what the inspector shows and tests look at."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from edge.kernel.spans import Span
from edge.trace.record import SpanRecord, record_of


@dataclass(slots=True)
class Trace:
    """The spans of one tree, in the order in which they ended."""

    id: int
    spans: list[SpanRecord] = field(default_factory=list)
    #: How many spans were left out because the tree grew too large.
    dropped: int = 0

    @property
    def root(self) -> SpanRecord | None:
        """The span that the tree hangs from; None while it is under way."""
        return next((span for span in reversed(self.spans) if span.id == self.id), None)


class Recorder:
    """Keeps the last `traces_max` trees, of each at most `spans_max` spans (`edge.kernel.spans.Sink`)."""

    def __init__(self, traces_max: int = 100, spans_max: int = 2000) -> None:
        self._traces_max = traces_max
        self._spans_max = spans_max
        self._traces: OrderedDict[int, Trace] = OrderedDict()

    def ended(self, span: Span) -> None:
        trace = self._traces.get(span.trace_id)
        if trace is None:
            trace = self._traces[span.trace_id] = Trace(span.trace_id)
            if len(self._traces) > self._traces_max:
                self._traces.popitem(last=False)
        # The root is always kept: without it nobody knows what the rest was about.
        if len(trace.spans) < self._spans_max or span.parent_id is None:
            trace.spans.append(record_of(span))
        else:
            trace.dropped += 1

    def traces(self) -> list[Trace]:
        """The trees whose root has ended, in the order in which they began to be recorded."""
        return [trace for trace in self._traces.values() if trace.root is not None]

    def trace(self, trace_id: int) -> Trace | None:
        """One tree; None when it is not known (any more)."""
        return self._traces.get(trace_id)

    def spans(self) -> list[SpanRecord]:
        """All spans that are kept, trace by trace."""
        return [span for trace in self._traces.values() for span in trace.spans]

    def clear(self) -> None:
        self._traces.clear()
