"""How spans are said in few words: on a line of a waterfall, in a tooltip."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from edge.kernel.spans import Tag
from edge.trace.record import SpanRecord
from edge.trace.tree import Node

#: Groups that pages and terminals colour alike, by the first part of a name.
_GROUPS = {
    "request": "request",
    "scheduled": "request",
    "worker": "worker",
    "waituntil": "worker",
    "fetch": "fetch",
    "kv": "storage",
    "r2": "storage",
    "d1": "storage",
    "cache": "storage",
    "assets": "storage",
    "vectorize": "storage",
    "queue": "storage",
    "durable": "durable",
    "gate": "wait",
    "output": "wait",
    "network": "network",
    "container": "container",
}


def group_of(name: str) -> str:
    """What kind of work a span is: a colour's name."""
    return _GROUPS.get(name.partition(".")[0], "other")


def subject(span: SpanRecord) -> str:
    """What a span is about: "GET /chat", "user:1 (miss)", "FRA → IAD"."""
    tags = span.tags
    if span.name == "network.hop":
        return f"{tags.get('source')} → {tags.get('target')}"
    if "queue" in tags:
        count = tags.get("messages")
        return f"{tags['queue']}, {count} message{'' if count == 1 else 's'}"
    if "url" in tags:
        return f"{tags.get('method', '')} {_path(str(tags['url']), span.name == 'fetch')}".strip()
    if group_of(span.name) == "storage":
        return _stored(tags)
    if "class" in tags:
        return _object(tags)
    return next((str(tags[name]) for name in ("worker", "cron", "of", "what", "place") if name in tags), "")


def _path(url: str, with_host: bool) -> str:
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return f"{parts.netloc}{path}" if with_host else path


def _stored(tags: Mapping[str, Tag]) -> str:
    what = next((str(tags[name]) for name in ("key", "prefix", "sql", "what") if name in tags), "")
    if "keys" in tags:
        what = f"{tags['keys']} keys"
    how = tags.get("cache") or tags.get("store")
    return f"{what} ({how})" if how else what


def _object(tags: Mapping[str, Tag]) -> str:
    name = tags.get("object_name") or str(tags.get("id", ""))[:8]
    handler = tags.get("handler")
    return f"{tags['class']} {name}" + (f" {handler}" if handler else "")


def duration(seconds: float) -> str:
    """A length of time with three digits: "850 µs", "12.3 ms", "4.20 s", "3 min 20 s"."""
    if seconds >= 120:
        minutes, rest_s = divmod(round(seconds), 60)
        return f"{minutes} min {rest_s} s"
    if seconds >= 1:
        return f"{_three(seconds)} s"
    if seconds >= 0.001:
        return f"{_three(seconds * 1000)} ms"
    return f"{round(seconds * 1_000_000)} µs"


def _three(number: float) -> str:
    digits = 2 if number < 10 else 1 if number < 100 else 0
    return f"{number:.{digits}f}"


def headline(root: Node) -> str:
    """A tree in one line: "GET /chat 200"."""
    span = root.span
    status = span.tags.get("status")
    words = [subject(span) or span.name]
    if span.name not in ("request",):
        words.insert(0, span.name)
    if status is not None:
        words.append(str(status))
    return " ".join(words)


def first_token_s(root: Node) -> float | None:
    """Seconds from the beginning to the first chunk of a streamed answer; None when it was not streamed."""
    first = root.first_chunk
    return None if first is None else first.time_s - root.span.start_s


def tag_lines(span: SpanRecord) -> list[str]:
    """All that is known of a span, a line each."""
    lines = [f"{name} = {value}" for name, value in span.tags.items()]
    if span.error is not None:
        lines.append(f"error: {span.error}")
    return lines
