"""`queues`: producers and consumers, from wrangler's section to `edge.config`.

Sources: wrangler 4.164.0 (texts); spec runtime.md section 11 (ranges); Queues "Configure Queues".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from edge.config import QueueBinding, QueueConsumer
from edge.queues.logic.limits import DELAY_S_MAX
from wrangler_compat.config.diagnostics import MISSING, shown
from wrangler_compat.config.fields import Fields, is_type
from wrangler_compat.config.schema import FIELDS

_KEY = "queues"
#: Numbers of a consumer: their range, and where they go.
_NUMBERS: Mapping[str, tuple[int, int, str]] = {
    "max_batch_size": (1, 100, "max_batch_size"),
    "max_batch_timeout": (0, 60, "max_batch_timeout_s"),
    "max_retries": (0, 100, "max_retries"),
    "max_concurrency": (1, 250, "max_concurrency"),
    "retry_delay": (0, DELAY_S_MAX, "retry_delay_s"),
}
_CONSUMER_KINDS = {
    **{"type": "string", "max_batch_size": "number", "max_batch_timeout": "number", "max_retries": "number"},
    **{"dead_letter_queue": "string", "max_concurrency": "number", "visibility_timeout_ms": "number"},
    "retry_delay": "number",
}


def queue_bindings(fields: Fields) -> tuple[QueueBinding, ...]:
    """`queues.producers`; without `queue` the binding's name is the queue's."""
    found = []
    for entry in _entries(fields, "producers"):
        if entry is not None and (binding := _producer(entry)) is not None:
            found.append(binding)
    return tuple(found)


def queue_consumers(fields: Fields) -> tuple[QueueConsumer, ...]:
    """`queues.consumers`."""
    found = []
    for entry in _entries(fields, "consumers"):
        if entry is not None and (consumer := _consumer(entry)) is not None:
            found.append(consumer)
    return tuple(found)


class _Entry:
    """One producer or consumer, checked as wrangler checks it."""

    def __init__(self, fields: Fields, part: str, index: int, value: dict[str, Any]) -> None:
        self.fields = fields
        self.place = (part, index)
        self.value = value
        self.named = fields.named(_KEY, part, index)

    def wrong(self, rule: str) -> None:
        self.fields.error(f'"{self.named}" {rule} but got {shown(self.value)}.', _KEY, *self.place)

    def has_kind(self, name: str, kind: str) -> bool:
        """Whether a field is absent or of its kind; says so when it is not."""
        value = self.value.get(name, MISSING)
        if value is MISSING or is_type(value, kind):
            return True
        self.wrong(f'should, optionally, have a {kind} "{name}" field')
        return False

    def number(self, name: str, low: int, high: int) -> float | None:
        """A number in its range; None when it is absent or wrong, which is said."""
        value = self.value.get(name)
        if not is_type(value, "number") or value is None:
            return None
        if low <= value <= high:
            return float(value)
        text = f'"{self.named}.{name}" should be {low} to {high} but got {shown(value)}.'
        self.fields.misfit(text, _KEY, *self.place, name)
        return None

    def has_unexpected(self, known: str) -> bool:
        self.fields.warn_unexpected(self.value, FIELDS[known], _KEY, *self.place)
        return not self.value.keys() <= FIELDS[known]


def _entries(fields: Fields, part: str) -> Iterator[_Entry | None]:
    section = fields.raw(_KEY)
    if section is MISSING or not isinstance(section, dict):
        if part == "producers":  # said once for both parts
            fields.table(_KEY)
        return
    if part == "producers":
        fields.warn_unexpected(section, FIELDS[_KEY], _KEY)
    values = section.get(part, [])
    name = fields.named(_KEY, part)
    if not isinstance(values, list):
        fields.error(f'The field "{name}" should be an array but got {shown(values)}.', _KEY, part)
        return
    for index, value in enumerate(values):
        if isinstance(value, dict):
            yield _Entry(fields, part, index, value)
        elif part == "producers":
            fields.error(f'"queue" bindings should be objects, but got {shown(value)}', _KEY, part, index)
        else:
            text = f'"{name}[{index}]" should be a objects, but got {shown(value)}'
            fields.error(text, _KEY, part, index)


def _producer(entry: _Entry) -> QueueBinding | None:
    if not entry.has_unexpected("queues.producers"):  # else wrangler looks no further
        _check_producer(entry)
    name, queue = entry.value.get("binding"), entry.value.get("queue")
    if not isinstance(name, str):
        return None
    delay_s = entry.number("delivery_delay", 0, DELAY_S_MAX)
    return QueueBinding(name, queue if isinstance(queue, str) else name, int(delay_s or 0))


def _check_producer(entry: _Entry) -> None:
    queue = entry.value.get("queue", MISSING)
    if not isinstance(entry.value.get("binding"), str):
        entry.wrong('bindings should have a string "binding" field')
    if queue is not MISSING and (not isinstance(queue, str) or not queue):
        entry.wrong('bindings should optionally have a non-empty string "queue" field')
    entry.has_kind("delivery_delay", "number")
    if "delivery_delay" in entry.value:
        entry.fields.warn(_delay_warning(entry), _KEY, *entry.place, "delivery_delay")
    _check_remote(entry)


def _delay_warning(entry: _Entry) -> str:
    return (
        f'The "delivery_delay" field in "{entry.named}" is deprecated and has no effect. Queue-level '
        'settings should be configured using "wrangler queues update" instead. This setting will be removed '
        "in a future version."
    )


def _check_remote(entry: _Entry) -> None:
    remote = entry.value.get("remote", False)
    if not isinstance(remote, bool):
        entry.wrong('should, optionally, have a boolean "remote" field')
    elif remote:
        text = f'"{entry.named}" has "remote": true, and remote bindings are not emulated.'
        entry.fields.misfit(text, _KEY, *entry.place)


def _consumer(entry: _Entry) -> QueueConsumer | None:
    entry.has_unexpected("queues.consumers")
    value = entry.value
    queue, kind, dead_letters = (
        value.get("queue"),
        value.get("type", "worker"),
        value.get("dead_letter_queue"),
    )
    if not isinstance(queue, str):
        entry.wrong('should have a string "queue" field')
    if kind != "worker":
        text = (
            f'"{entry.named}.type" has an invalid value "{kind}". Only "worker" consumers can be configured '
            "in your Wrangler configuration."
        )
        entry.fields.error(text, _KEY, *entry.place, "type")
    for name, wanted in _CONSUMER_KINDS.items():
        entry.has_kind(name, wanted)
    numbers: dict[str, Any] = {
        field: number if field == "max_batch_timeout_s" else int(number)
        for name, (low, high, field) in _NUMBERS.items()
        if (number := entry.number(name, low, high)) is not None
    }
    if not isinstance(queue, str):
        return None
    return QueueConsumer(
        queue, dead_letter_queue=dead_letters if isinstance(dead_letters, str) else None, **numbers
    )
