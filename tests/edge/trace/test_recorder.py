"""What is kept in memory, and what is not."""

from __future__ import annotations

from edge.kernel.clock import VirtualClock
from edge.kernel.spans import Tracer, span
from edge.trace.fanout import Fanout
from edge.trace.recorder import Recorder


def test_only_the_last_trees_are_kept() -> None:
    recorder = Recorder(traces_max=3)
    tracer = Tracer(VirtualClock(), recorder)
    for _ in range(5):
        tracer.entry("request").end()
    assert [trace.id for trace in recorder.traces()] == [3, 4, 5]
    assert recorder.trace(1) is None
    assert recorder.trace(4) is not None
    recorder.clear()
    assert recorder.traces() == []


def test_a_tree_is_bounded_but_keeps_its_root() -> None:
    recorder = Recorder(spans_max=2)
    with Tracer(VirtualClock(), recorder).entry("request"):
        for _ in range(4):
            span("kv.get").end()
    (trace,) = recorder.traces()
    assert [record.name for record in trace.spans] == ["kv.get", "kv.get", "request"]
    assert trace.dropped == 2


def test_trees_under_way_are_not_shown_yet() -> None:
    recorder = Recorder()
    with Tracer(VirtualClock(), recorder).entry("request") as root:
        span("kv.get").end()
        assert recorder.traces() == []
        assert len(recorder.spans()) == 1
        root.end()
    assert len(recorder.traces()) == 1


def test_several_sinks_get_the_same() -> None:
    one, other = Recorder(), Recorder()
    Tracer(VirtualClock(), Fanout(one, other)).entry("request").end()
    assert one.spans() == other.spans() != []
