"""Spans: what happened when, as a tree for each request.

Code that is worth seeing in a waterfall says so:

    with span("kv.get", key=key) as s:
        ...
        s.tag(cache="hit")

Nothing is recorded unless a `Tracer` is at work in the context: then `span` gives a child of the span
that is current there. Without one it gives `NO_SPAN`, at the price of one look at a context variable.
Times are the world's (`Clock`), ids are counted, so the same run gives the same spans.

The names in use, and their tags, are in `edge.kernel.span_names`; what becomes of finished spans is up to
the sink (`edge.trace`).
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from types import TracebackType
from typing import NamedTuple, Protocol

from edge.kernel.clock import Clock, VirtualClock

#: What a tag may hold: it has to look the same in every trace format.
Tag = str | int | float | bool | None

#: A span keeps this many events; more are counted in the tag `events_dropped`.
EVENTS_MAX = 2000

#: Where only some trees are recorded, one takes so many spans that begin after its end.
LATE_MAX = 200


class SpanEvent(NamedTuple):
    """A moment within a span."""

    time_s: float
    name: str
    tags: dict[str, Tag]


class Sink(Protocol):
    """Where finished spans go."""

    def ended(self, span: Span) -> None:
        """A span has ended. Children come before their parents, except what outlives them (waitUntil)."""
        ...


class Span:
    """A stretch of time with a name. It begins when it is made; as a context manager it is the current
    one inside, and ends with the block. An exception that leaves the block is noted as its error."""

    __slots__ = (
        "_outer",
        "end_s",
        "error",
        "events",
        "id",
        "late",
        "modelled",
        "name",
        "parent_id",
        "root",
        "start_s",
        "tags",
        "tracer",
    )

    def __init__(self, tracer: Tracer, name: str, parent: Span | None, tags: dict[str, Tag]) -> None:
        self.tracer = tracer
        self.name = name
        self.id = tracer.next_id()
        #: The span that the tree hangs from.
        self.root: Span = self if parent is None else parent.root
        self.parent_id = None if parent is None else parent.id
        self.tags = tags
        #: Whether this time was made up by the model of the network or of time, rather than measured.
        self.modelled = tracer.virtual
        self.events: list[SpanEvent] = []
        self.error: str | None = None
        #: How many spans began after this tree had ended.
        self.late = 0
        self.start_s = tracer.now()
        self.end_s: float | None = None

    def __bool__(self) -> bool:
        return True

    @property
    def trace_id(self) -> int:
        """The id of the span that the tree hangs from."""
        return self.root.id

    @property
    def is_open(self) -> bool:
        """Whether this is under way, or at least what it was part of."""
        return self.end_s is None or self.root.end_s is None

    def takes(self) -> bool:
        """Whether one more span within this one is recorded; ask before each.

        A socket goes on in the context of the request that opened it, and may do so for hours: where only
        some trees are recorded, one that has ended takes no more than `LATE_MAX`.
        """
        if self.is_open or not self.tracer.is_limited:
            return True
        self.root.late += 1
        return self.root.late <= LATE_MAX

    def tag(self, **tags: Tag) -> None:
        """Say more about the span."""
        self.tags.update(tags)

    def event(self, name: str, **tags: Tag) -> None:
        """Note a moment within the span."""
        if len(self.events) < EVENTS_MAX:
            self.events.append(SpanEvent(self.tracer.now(), name, tags))
        else:
            dropped = self.tags.get("events_dropped", 0)
            assert isinstance(dropped, int)
            self.tags["events_dropped"] = dropped + 1

    def fail(self, failure: BaseException) -> None:
        """Note what went wrong; the first failure stays."""
        if self.error is None:
            self.error = _words(failure)

    def end(self) -> None:
        """The span is over; later calls change nothing."""
        if self.end_s is None:
            self.end_s = self.tracer.now()
            self.tracer.sink.ended(self)

    def __enter__(self) -> Span:
        self._outer = current_span.get()
        current_span.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, _: TracebackType | None
    ) -> None:
        # Set, not reset: a block may be left in another context than it was entered in (generators).
        current_span.set(self._outer)
        if failure is not None:
            self.fail(failure)
        self.end()


class NoSpan:
    """Stands for a span where nobody records."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False

    def tag(self, **tags: Tag) -> None:
        pass

    def event(self, name: str, **tags: Tag) -> None:
        pass

    def fail(self, failure: BaseException) -> None:
        pass

    def end(self) -> None:
        pass

    def __enter__(self) -> NoSpan:
        return self

    def __exit__(self, kind: object, failure: object, trace: object) -> None:
        pass


NO_SPAN = NoSpan()

#: The span whose work this context does; None where nobody records.
current_span: ContextVar[Span | None] = ContextVar("span", default=None)


class Tracer:
    """Makes the spans of one world and hands them to a sink."""

    __slots__ = (
        "_clock",
        "_count",
        "_epoch_s",
        "_second",
        "_taken",
        "limit_per_s",
        "passed_over",
        "sink",
        "virtual",
    )

    def __init__(self, clock: Clock, sink: Sink, *, limit_per_s: int | None = None) -> None:
        """At most `limit_per_s` trees a second are recorded (None: all), for servers under load."""
        self._clock = clock
        self._count = 0
        self.limit_per_s = limit_per_s
        self._second = 0
        self._taken = 0
        #: How many trees were not recorded for the limit's sake.
        self.passed_over = 0
        # The monotonic clock, because wall time may step; from one common epoch.
        self._epoch_s = clock.now() - clock.monotonic()
        self.sink = sink
        #: In virtual time no time is measured.
        self.virtual = isinstance(clock, VirtualClock)

    @property
    def is_limited(self) -> bool:
        """Whether some trees are passed over."""
        return self.limit_per_s is not None

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._epoch_s + self._clock.monotonic()

    def next_id(self) -> int:
        """Ids are counted from 1, in the order in which spans begin."""
        self._count += 1
        return self._count

    def sampled(self) -> bool:
        """Whether what comes in now is to be recorded. Ask once, before the first span of a tree."""
        if self.limit_per_s is None:
            return True
        parent = current_span.get()
        if parent is not None and parent.is_open:
            return True
        second = int(self._clock.monotonic())
        if second != self._second:
            self._second, self._taken = second, 0
        if self._taken < self.limit_per_s:
            self._taken += 1
            return True
        self.passed_over += 1
        return False

    def root(self, name: str, /, **tags: Tag) -> Span:
        """The first span of a new tree."""
        return Span(self, name, None, tags)

    def entry(self, name: str, /, **tags: Tag) -> Span:
        """A span for what comes in from outside: part of the tree of whoever is at work here (a simulated
        user, say), else of a new one."""
        parent = current_span.get()
        return Span(self, name, parent if parent is not None and parent.is_open else None, tags)


def span(name: str, /, **tags: Tag) -> Span | NoSpan:
    """A span within the current one, to be used with `with`, or to be ended by hand."""
    parent = current_span.get()
    if parent is None:
        return NO_SPAN
    return child_of(parent, name, **tags)


def child_of(parent: Span | None, name: str, /, **tags: Tag) -> Span | NoSpan:
    """A span within `parent`, wherever the code runs that makes it."""
    if parent is None or not parent.takes():
        return NO_SPAN
    return Span(parent.tracer, name, parent, tags)


def modelled_span(name: str, /, **tags: Tag) -> Span | NoSpan:
    """A span whose time the model makes up: distance, delay, injected faults."""
    made = span(name, **tags)
    if isinstance(made, Span):
        made.modelled = True
    return made


def tag(**tags: Tag) -> None:
    """Say more about the current span, if there is one."""
    parent = current_span.get()
    if parent is not None:
        parent.tags.update(tags)


def event(name: str, /, **tags: Tag) -> None:
    """Note a moment within the current span, if there is one."""
    parent = current_span.get()
    if parent is not None:
        parent.event(name, **tags)


def _words(failure: BaseException) -> str:
    if isinstance(failure, asyncio.CancelledError):
        return "cancelled"
    text = str(failure).strip()
    if text.startswith("PythonError: "):
        # A Worker's exception comes with its traceback; what went wrong is the last line.
        return text.splitlines()[-1]
    # Other JavaScript errors say their name themselves.
    name = getattr(failure, "name", None) or type(failure).__name__
    return text if text.startswith(f"{name}:") else f"{name}: {text}" if text else str(name)
