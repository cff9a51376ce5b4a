"""Chrome traces and OTLP."""

from __future__ import annotations

import json
from typing import Any

from edge.trace.chrome import chrome_text, tracks
from edge.trace.otlp import otlp_text
from edge.trace.tree import trees
from tests.edge.trace.samples import ALL, CALL, READ, REQUEST, START_S, WORKER, span


def chrome_events(kind: str) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = json.loads(chrome_text(ALL))["traceEvents"]
    return [event for event in events if event["ph"] == kind]


def test_chrome_shows_each_tree_as_a_process() -> None:
    (name,) = chrome_events("M")
    assert name["name"] == "process_name"
    assert name["args"] == {"name": "GET /chat?x=<b>&y 200"}
    assert len(chrome_events("X")) == len(ALL)
    read = next(event for event in chrome_events("X") if event["name"] == "kv.get k (stale)")
    assert (read["ts"], read["dur"]) == ((START_S + 0.0625) * 1e6, 125_000)
    assert read["cat"] == "storage,measured"
    assert read["args"] == {"cache": "stale", "key": "k", "modelled": False, "stale_s": 0.5}


def test_chrome_has_events_as_instants() -> None:
    assert [event["name"] for event in chrome_events("i")] == ["headers", "chunk", "chunk"]
    assert {event["s"] for event in chrome_events("i")} == {"t"}


def test_a_track_holds_only_spans_that_lie_within_one_another() -> None:
    (root,) = trees(ALL)
    placed = {node.span.id: track for track, node in tracks(root)}
    assert placed[REQUEST.id] == placed[WORKER.id] == placed[READ.id] == 1
    for track, node in tracks(root):
        for other_track, other in tracks(root):
            if track == other_track and node is not other:
                first, second = sorted((node.span, other.span), key=lambda span: (span.start_s, -span.end_s))
                assert second.start_s >= first.end_s or second.end_s <= first.end_s


def otlp_spans() -> dict[str, dict[str, Any]]:
    (resource,) = json.loads(otlp_text(ALL, "app"))["resourceSpans"]
    assert resource["resource"]["attributes"] == [{"key": "service.name", "value": {"stringValue": "app"}}]
    (scope,) = resource["scopeSpans"]
    return {span["name"]: span for span in scope["spans"]}


def test_otlp_has_ids_in_hexadecimal_that_link() -> None:
    spans = otlp_spans()
    request, worker = spans["request"], spans["worker.fetch"]
    assert (len(request["traceId"]), len(request["spanId"])) == (32, 16)
    assert "parentSpanId" not in request
    assert worker["parentSpanId"] == request["spanId"]
    assert {span["traceId"] for span in spans.values()} == {request["traceId"]}
    assert len({span["spanId"] for span in spans.values()}) == len(ALL)


def test_otlp_has_64_bit_numbers_as_text() -> None:
    request = otlp_spans()["request"]
    assert request["startTimeUnixNano"] == "1767225600000000000"
    assert request["endTimeUnixNano"] == "1767225601000000000"
    assert {"key": "status", "value": {"intValue": "200"}} in request["attributes"]
    assert {"key": "modelled", "value": {"boolValue": False}} in request["attributes"]
    assert request["kind"] == 2
    assert [event["name"] for event in request["events"]] == ["headers", "chunk", "chunk"]
    assert {"key": "stale_s", "value": {"doubleValue": 0.5}} in otlp_spans()["kv.get"]["attributes"]


def test_otlp_says_what_failed() -> None:
    spans = otlp_spans()
    assert spans["durable.call"]["status"] == {"code": 2, "message": CALL.error}
    assert "status" not in spans["request"]


def test_exports_are_the_same_bytes_each_time() -> None:
    assert (chrome_text(ALL), otlp_text(ALL)) == (chrome_text(list(ALL)), otlp_text(list(ALL)))
    assert json.loads(otlp_text([])) == {
        "resourceSpans": [
            {
                "resource": {
                    "attributes": [{"key": "service.name", "value": {"stringValue": "cortex-edge"}}]
                },
                "scopeSpans": [{"scope": {"name": "cortex-edge"}, "spans": []}],
            }
        ]
    }


def test_queues_have_their_own_kinds_of_spans() -> None:
    names = ("queue.send", "queue.batch", "kv.get")
    text = otlp_text([span(number, None, name, 0, 1) for number, name in enumerate(names, 1)])
    (scope,) = json.loads(text)["resourceSpans"][0]["scopeSpans"]
    assert {one["name"]: one["kind"] for one in scope["spans"]} == {
        "queue.send": 4,
        "queue.batch": 5,
        "kv.get": 1,
    }
