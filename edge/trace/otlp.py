"""OTLP/JSON: what `curl -d @FILE -H 'content-type: application/json' …/v1/traces` hands to a collector.

Source: OpenTelemetry protocol, "JSON Protobuf Encoding" (ids in hexadecimal, 64-bit integers as text,
enumerations as numbers).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from edge.kernel.spans import Tag
from edge.trace.record import EventRecord, SpanRecord

_NS_PER_US = 1000
_INTERNAL, _SERVER, _CLIENT, _PRODUCER, _CONSUMER = range(1, 6)  # SpanKind
_ERROR = 2  # StatusCode
_KINDS = {
    **{"request": _SERVER, "fetch": _CLIENT, "durable.call": _CLIENT, "durable.event": _SERVER},
    **{"queue.send": _PRODUCER, "queue.batch": _CONSUMER},
}


def otlp_text(spans: Iterable[SpanRecord], service: str = "cortex-edge") -> str:
    """Spans as one export request of the service called `service`."""
    records = list(spans)
    # Ids are counted in each run: what the run began with keeps two runs apart.
    salt = min((f"{record.start_s:.6f}" for record in records), default="")
    scope = {"scope": {"name": "cortex-edge"}, "spans": [_span(record, salt) for record in records]}
    resource = {"attributes": [_attribute("service.name", service)]}
    document = {"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]}
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _span(record: SpanRecord, salt: str) -> dict[str, Any]:
    span: dict[str, Any] = {
        "traceId": _id("trace", salt, record.trace_id, 16),
        "spanId": _id("span", salt, record.id, 8),
        "name": record.name,
        "kind": _KINDS.get(record.name, _INTERNAL),
        "startTimeUnixNano": _ns(record.start_s),
        "endTimeUnixNano": _ns(record.end_s),
        "attributes": [_attribute("modelled", record.modelled), *_attributes(record.tags)],
        "events": [_event(event) for event in record.events],
    }
    if record.parent_id is not None:
        span["parentSpanId"] = _id("span", salt, record.parent_id, 8)
    if record.error is not None:
        span["status"] = {"code": _ERROR, "message": record.error}
    return span


def _event(event: EventRecord) -> dict[str, Any]:
    return {
        "name": event.name,
        "timeUnixNano": _ns(event.time_s),
        "attributes": _attributes(event.tags),
    }


def _attributes(tags: Any) -> list[dict[str, Any]]:
    return [_attribute(name, value) for name, value in tags.items()]


def _attribute(name: str, value: Tag) -> dict[str, Any]:
    return {"key": name, "value": _value(value)}


def _value(value: Tag) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    return {"stringValue": "" if value is None else value}


def _id(kind: str, salt: str, number: int, size_bytes: int) -> str:
    return hashlib.sha256(f"{kind}:{salt}:{number}".encode()).hexdigest()[: 2 * size_bytes]


def _ns(seconds: float) -> str:
    return str(round(seconds * 1_000_000) * _NS_PER_US)
