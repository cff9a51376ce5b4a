"""Spans: trees, no-ops, limits."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from edge.js.errors import error
from edge.js.promise import JsPromise
from edge.kernel.clock import VirtualClock
from edge.kernel.spans import (
    EVENTS_MAX,
    LATE_MAX,
    NO_SPAN,
    Span,
    Tracer,
    child_of,
    current_span,
    event,
    modelled_span,
    span,
    tag,
)
from edge.trace.recorder import Recorder
from tests.loops import run_virtual


def recording(limit_per_s: int | None = None) -> tuple[VirtualClock, Tracer, Recorder]:
    clock, recorder = VirtualClock(), Recorder()
    return clock, Tracer(clock, recorder, limit_per_s=limit_per_s), recorder


def test_nothing_is_recorded_where_nobody_records() -> None:
    with span("kv.get", key="a") as made:
        made.tag(found=True)
        made.event("chunk")
        made.fail(ValueError("x"))
        tag(more=1)
        event("fault")
        assert current_span.get() is None
    made.end()
    assert made is NO_SPAN
    assert not made
    assert modelled_span("network.hop") is NO_SPAN
    assert child_of(None, "kv.get") is NO_SPAN


def test_spans_form_trees_in_the_time_of_the_world() -> None:
    clock, tracer, recorder = recording()

    async def work() -> None:
        with tracer.entry("request", method="GET") as root:
            await clock.sleep(1)
            with span("kv.get", key="a") as inner:
                await clock.sleep(0.5)
                tag(found=True)
                event("fault", kind="loss")
                assert current_span.get() is inner
            assert current_span.get() is root
        assert current_span.get() is None

    run_virtual(work(), clock)
    inner, root = recorder.spans()
    assert (root.id, root.trace_id, root.parent_id) == (1, 1, None)
    assert (inner.id, inner.trace_id, inner.parent_id) == (2, 1, 1)
    assert (inner.start_s - root.start_s, inner.duration_s, root.duration_s) == (1.0, 0.5, 1.5)
    assert inner.tags == {"found": True, "key": "a"}
    assert [(moment.name, moment.tags) for moment in inner.events] == [("fault", {"kind": "loss"})]


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (ValueError("too bad"), "ValueError: too bad"),
        (KeyError(), "KeyError"),
        (error("Network connection lost."), "Error: Network connection lost."),
        (error("x"), "Error: x"),
        (asyncio.CancelledError(), "cancelled"),
    ],
)
def test_a_failure_is_noted_and_goes_on(failure: BaseException, words: str) -> None:
    _, tracer, recorder = recording()
    with pytest.raises(type(failure)), tracer.entry("request"):
        raise failure
    assert [record.error for record in recorder.spans()] == [words]


def test_of_a_workers_traceback_the_last_line_is_kept() -> None:
    _, tracer, recorder = recording()
    made = tracer.entry("request")
    made.fail(error("no matter"))
    made.fail(ValueError("the first one stays"))
    other = tracer.entry("request")
    other.fail(Exception("PythonError: Traceback (most recent call last):\n  …\nKeyError: 'id'\n"))
    made.end()
    other.end()
    assert [record.error for record in recorder.spans()] == ["Error: no matter", "KeyError: 'id'"]


def test_a_span_ends_once() -> None:
    _, tracer, recorder = recording()
    made = tracer.entry("request")
    made.end()
    made.end()
    assert len(recorder.spans()) == 1


def test_events_are_bounded_and_counted() -> None:
    _, tracer, recorder = recording()
    with tracer.entry("request") as made:
        for _ in range(EVENTS_MAX + 3):
            made.event("chunk")
    (record,) = recorder.spans()
    assert len(record.events) == EVENTS_MAX
    assert record.tags["events_dropped"] == 3


def test_virtual_time_and_what_the_model_makes_up_are_modelled() -> None:
    class Wall(VirtualClock):
        pass

    _, virtual, _ = recording()
    assert virtual.entry("request").modelled

    measured = Tracer(VirtualClock(), Recorder())
    measured.virtual = False
    with measured.entry("request") as root:
        hop = modelled_span("network.hop")
        assert isinstance(hop, Span)
        assert hop.modelled
        assert not root.modelled


def test_a_promise_leaves_its_caller_in_the_callers_span() -> None:
    """Its first step runs in the caller's context, up to the first wait."""
    clock, tracer, recorder = recording()

    async def inside() -> None:
        with span("kv.get"):
            await clock.sleep(1)
            with span("network.hop"):
                await clock.sleep(1)

    async def work() -> None:
        with tracer.entry("request") as root:
            promise = JsPromise.start(inside(), name="inside")
            assert current_span.get() is root
            with span("kv.put"):
                await clock.sleep(0.5)
            await promise

    run_virtual(work(), clock)
    parents = {record.name: record.parent_id for record in recorder.spans()}
    ids = {record.name: record.id for record in recorder.spans()}
    assert parents == {
        "request": None,
        "kv.get": ids["request"],
        "kv.put": ids["request"],
        "network.hop": ids["kv.get"],
    }


def test_an_entry_belongs_to_whoever_is_at_work_and_still_open() -> None:
    _, tracer, _ = recording()
    with tracer.entry("request") as outer:
        assert tracer.entry("request").parent_id == outer.id
        assert tracer.root("durable.alarm").parent_id is None
        outer.end()
        assert tracer.entry("request").parent_id is None


def test_a_limited_tracer_passes_over_what_is_too_much() -> None:
    clock, tracer, _ = recording(limit_per_s=2)

    async def work() -> list[bool]:
        answers = [tracer.sampled() for _ in range(4)]
        await clock.sleep(1)
        return [*answers, tracer.sampled()]

    assert run_virtual(work(), clock) == [True, True, False, False, True]
    assert tracer.passed_over == 2


def test_a_limited_tracer_asks_once_a_tree() -> None:
    _, tracer, _ = recording(limit_per_s=1)
    assert tracer.sampled()
    with tracer.entry("request") as root:
        assert [tracer.sampled() for _ in range(3)] == [True, True, True]
        root.end()
        assert not tracer.sampled()


@pytest.mark.parametrize(("limit_per_s", "kept"), [(None, LATE_MAX + 1), (5, LATE_MAX)])
def test_what_outlives_its_tree_is_recorded_to_a_limit_where_not_everything_is(
    limit_per_s: int | None, kept: int
) -> None:
    _, tracer, _ = recording(limit_per_s)
    with tracer.entry("request") as root:
        with span("worker.fetch") as inner:
            inner.end()
            assert span("kv.get"), "the request goes on"
        with span("waituntil"):
            root.end()
            assert span("kv.get"), "the background work goes on"
        assert sum(bool(span("kv.get")) for _ in range(LATE_MAX + 1)) == kept


def test_the_same_work_has_the_same_ids() -> None:
    def once() -> list[Any]:
        clock, tracer, recorder = recording()

        async def work() -> None:
            with tracer.entry("request"):
                await asyncio.gather(*(one(index) for index in range(5)))

        async def one(index: int) -> None:
            with span("kv.get", key=str(index)):
                await clock.sleep(5 - index)

        run_virtual(work(), clock)
        return recorder.spans()

    assert once() == once()
