"""Trace files: one JSON object a line, one line a span, in the order in which the spans ended.

The same spans give the same bytes: keys are sorted, times rounded to microseconds, absent values left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO

from edge.errors import UserError
from edge.kernel.spans import Span, Tag
from edge.trace.record import EventRecord, SpanRecord, record_of


class TraceFile:
    """Writes each span as it ends (`edge.kernel.spans.Sink`). Close it at the end of the run."""

    def __init__(self, file: TextIO, *, flush_trees: bool = False) -> None:
        """With `flush_trees` a tree is on disk once its root has ended: for a server, which may be killed."""
        self._file = file
        self._flush_trees = flush_trees
        self.count = 0

    @classmethod
    def open(cls, path: Path, *, flush_trees: bool = False) -> TraceFile:
        """Begin a new file. Raises UserError when it cannot be written."""
        try:
            return cls(path.open("w", encoding="utf-8", newline="\n"), flush_trees=flush_trees)
        except OSError as failure:
            raise UserError(f"the trace cannot be written to {path}: {failure.strerror}") from None

    def ended(self, span: Span) -> None:
        self._file.write(line_of(record_of(span)) + "\n")
        self.count += 1
        if self._flush_trees and span.parent_id is None:
            self._file.flush()

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self._file.close()


def line_of(record: SpanRecord) -> str:
    """A span as one line of JSON."""
    fields: dict[str, Any] = {
        "trace": record.trace_id,
        "id": record.id,
        "parent": record.parent_id,
        "name": record.name,
        "start_s": record.start_s,
        "end_s": record.end_s,
        "modelled": record.modelled or None,
        "error": record.error,
        "tags": dict(record.tags) or None,
        "events": [_event_fields(event) for event in record.events] or None,
    }
    return _compact({name: value for name, value in fields.items() if value is not None})


def _event_fields(event: EventRecord) -> dict[str, Any]:
    fields: dict[str, Any] = {"name": event.name, "time_s": event.time_s}
    if event.tags:
        fields["tags"] = dict(event.tags)
    return fields


def _compact(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def lines_of(records: Iterable[SpanRecord]) -> str:
    """Spans as the text of a trace file."""
    return "".join(f"{line_of(record)}\n" for record in records)


def read_trace(path: Path) -> list[SpanRecord]:
    """The spans of a trace file. Raises UserError, which names the line, for what is none; only a last
    line that was cut off (the run was killed) is passed over."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as failure:
        raise UserError(f"the trace {path} cannot be read: {failure.strerror}") from None
    except UnicodeDecodeError:
        raise UserError(f"{path} is no trace: it is not text") from None
    return list(_records(path, text))


def _records(path: Path, text: str) -> Iterator[SpanRecord]:
    whole, _, _cut_off = text.rpartition("\n")
    for number, line in enumerate(whole.split("\n"), 1):
        if not line.strip():
            continue
        try:
            yield record_from(json.loads(line))
        except (ValueError, TypeError, KeyError, AttributeError) as failure:
            raise UserError(
                f"{path}:{number} is no span: {_problem(failure)}. A trace file holds one JSON object a "
                f"line, as `edge dev --trace FILE` and `edge sim --trace FILE` write them"
            ) from None


def record_from(fields: dict[str, Any]) -> SpanRecord:
    """A span from its JSON object. Raises KeyError, TypeError or ValueError when it is none."""
    return SpanRecord(
        int(fields["trace"]),
        int(fields["id"]),
        None if fields.get("parent") is None else int(fields["parent"]),
        str(fields["name"]),
        float(fields["start_s"]),
        float(fields["end_s"]),
        bool(fields.get("modelled", False)),
        fields.get("error"),
        _tags(fields),
        tuple(
            EventRecord(float(event["time_s"]), str(event["name"]), _tags(event))
            for event in fields.get("events", ())
        ),
    )


def _tags(fields: dict[str, Any]) -> dict[str, Tag]:
    return dict(fields.get("tags", {}))


def _problem(failure: Exception) -> str:
    if isinstance(failure, json.JSONDecodeError):
        return "it is not JSON"
    return f"it has no {failure}" if isinstance(failure, KeyError) else str(failure)
