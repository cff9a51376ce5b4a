"""Spans of a Durable Object: each event, its waits at the gates, its turn, and the commits.

An actor of a world that records is a `TracedActor`; all others know nothing of it. A commit serves every
event that wrote since the last one: its span stands under the first of them, and the others show how
long they waited for it (`output.wait`).
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Coroutine
from typing import Any

from edge.durable.actor import Actor
from edge.durable.alarm_event import AlarmEvent
from edge.durable.commits import Commits
from edge.durable.events import Event
from edge.http.subrequests import spent
from edge.js.errors import JsException
from edge.kernel.spans import NO_SPAN, NoSpan, Span, Tag, child_of, current_span, span


class EventTrace:
    """The spans of one event."""

    __slots__ = ("gate", "output", "whole")

    def __init__(self, whole: Span) -> None:
        self.whole = whole
        self.gate: Span | NoSpan = NO_SPAN
        self.output: Span | NoSpan = NO_SPAN

    def done(self, future: asyncio.Future[Any]) -> None:
        """The event's result is out."""
        self.gate.end()
        self.output.end()
        if future.cancelled():
            self.whole.tag(cancelled=True)
        elif (failure := future.exception()) is not None:
            self.whole.fail(failure)
        self.whole.end()


class TracedCommits(Commits):
    """Remembers who began the transaction."""

    __slots__ = ("span", "writer")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.writer: Span | None = None
        self.span: Span | NoSpan = NO_SPAN

    def _began(self) -> None:
        self.writer = current_span.get()
        super()._began()


class TracedActor(Actor):
    """An object whose events are recorded."""

    __slots__ = ()

    commits: TracedCommits
    commits_class = TracedCommits

    def deliver(self, event: Event) -> asyncio.Future[Any]:
        tracer = self.slot.host.tracer
        assert tracer is not None, "a traced actor lives in a world with a tracer"
        if not (tracer.sampled() if event.comes_from_outside else _caller_is_recorded()):
            return super().deliver(event)
        tags = self._tags()
        if isinstance(event, AlarmEvent):
            # Its context is the timer's, which is that of whoever set the alarm.
            retry_count, _ = event.attempt.info
            whole = tracer.root("durable.alarm", retry_count=retry_count, **tags)
        else:
            whole = tracer.entry("durable.event", handler=event.handler, **tags)
        event.trace = EventTrace(whole)
        done = super().deliver(event)
        if event.task is None and not done.done():
            event.trace.gate = child_of(whole, "gate.wait")
        done.add_done_callback(event.trace.done)
        return done

    def _tags(self) -> dict[str, Tag]:
        object_id = self.slot.id
        return {"class": self.slot.host.class_name, "id": str(object_id), "object_name": object_id.name}

    def _event_context(self, event: Event) -> contextvars.Context:
        context = super()._event_context(event)
        if event.trace is not None:
            context.run(current_span.set, event.trace.whole)
        return context

    def _perform(self, event: Event) -> Coroutine[Any, Any, Any]:
        trace = event.trace
        if trace is None:
            return super()._perform(event)
        if not trace.gate and not self.input.admits(self.input.ground):
            # It did not stand in line, but the gate has shut between its delivery and its turn.
            trace.gate = child_of(trace.whole, "gate.wait")
        return self._traced(event, trace)

    async def _traced(self, event: Event, trace: EventTrace) -> Any:
        trace.gate.end()
        try:
            with span("durable.run", constructs=self.instance is None):
                return await super()._perform(event)
        finally:
            if made := spent():
                trace.whole.tag(subrequests=made)
            if self.output.locked:
                trace.output = child_of(trace.whole, "output.wait")

    def _before_commit(self) -> None:
        super()._before_commit()
        commits = self.commits
        if commits.writer is not None:
            commits.span = child_of(commits.writer, "durable.commit", **self._tags())

    def _committed(self, failure: JsException | None) -> None:
        commits = self.commits
        if commits.span:
            if failure is not None:
                commits.span.fail(failure)
            commits.span.end()
            commits.span = NO_SPAN
        super()._committed(failure)


def _caller_is_recorded() -> bool:
    caller = current_span.get()
    return caller is not None and (caller.is_open or not caller.tracer.is_limited)
