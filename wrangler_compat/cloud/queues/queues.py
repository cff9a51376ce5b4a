"""The queues that accounts have, with their consumers, as the catalogue keeps them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edge.config import QueueConsumer
from edge.kernel.clock import Clock
from edge.kernel.random import RandomStreams
from wrangler_compat.cloud.catalogue import Catalogue

#: Settings of the API and where the emulator has them.
_SETTINGS = {
    "batch_size": "max_batch_size",
    "max_retries": "max_retries",
    "max_concurrency": "max_concurrency",
    "retry_delay": "retry_delay_s",
}


_CONSUMERS = """
    SELECT * FROM queue_consumers AS consumer WHERE queue = ? AND (script IS NULL OR EXISTS (
        SELECT 1 FROM scripts JOIN queues ON queues.account = scripts.account
        WHERE queues.id = consumer.queue AND scripts.name = consumer.script
    )) ORDER BY created_ms, id
"""


@dataclass(frozen=True, slots=True)
class Consumer:
    """Who takes from a queue: a Worker, or (`http_pull`) somebody who asks for messages."""

    id: str
    type: str
    script: str | None
    settings: Mapping[str, Any]
    dead_letter_queue: str | None
    created_ms: int


class Queues:
    """Of all accounts."""

    def __init__(self, catalogue: Catalogue, clock: Clock, random: RandomStreams) -> None:
        self._catalogue = catalogue
        self._clock = clock
        self._random = random

    def all(self, account_id: str, names: Sequence[str] = ()) -> list[sqlite3.Row]:
        """An account's queues, or those with these names, by name."""
        rows = self._catalogue.rows("SELECT * FROM queues WHERE account = ? ORDER BY name", account_id)
        return [row for row in rows if not names or row["name"] in names]

    def find(self, account_id: str, queue_id: str) -> sqlite3.Row | None:
        return self._catalogue.row("SELECT * FROM queues WHERE account = ? AND id = ?", account_id, queue_id)

    def make(self, account_id: str, name: str, settings: Mapping[str, Any]) -> str:
        """A new queue's id. Raises sqlite3.IntegrityError when there is one of that name."""
        queue_id = self._random.bytes("cloud.queue", 16).hex()
        now_ms = self._clock.now_ms()
        self._catalogue.change(
            "INSERT INTO queues VALUES (?, ?, ?, ?, ?, ?)",
            queue_id, account_id, name, now_ms, now_ms, json.dumps(settings),
        )  # fmt: skip
        return queue_id

    def change(self, queue_id: str, name: str, settings: Mapping[str, Any]) -> None:
        """Rename a queue and set its settings. Raises sqlite3.IntegrityError."""
        self._catalogue.change(
            "UPDATE queues SET name = ?, settings = ?, modified_ms = ? WHERE id = ?",
            name, json.dumps(settings), self._clock.now_ms(), queue_id,
        )  # fmt: skip

    def remove(self, queue_id: str) -> None:
        """Remove a queue with its consumers."""
        self._catalogue.change("DELETE FROM queues WHERE id = ?", queue_id)

    def consumers(self, queue_id: str) -> list[Consumer]:
        """Who takes from a queue; a Worker that was deleted does not."""
        return [_consumer(row) for row in self._catalogue.rows(_CONSUMERS, queue_id)]

    def put_consumer(self, queue_id: str, body: Mapping[str, Any], consumer_id: str | None = None) -> str:
        """Add a consumer, or change the one with this id. Gives its id."""
        consumer_id = consumer_id or self._random.bytes("cloud.queue_consumer", 16).hex()
        self._catalogue.change(
            "INSERT OR REPLACE INTO queue_consumers VALUES (?, ?, ?, ?, ?, ?, ?)",
            consumer_id, queue_id, body.get("type") or "worker", body.get("script_name"),
            json.dumps(body.get("settings") or {}), body.get("dead_letter_queue"), self._clock.now_ms(),
        )  # fmt: skip
        return consumer_id

    def remove_consumer(self, consumer_id: str) -> None:
        self._catalogue.change("DELETE FROM queue_consumers WHERE id = ?", consumer_id)

    def taken_by(self, account_id: str, script: str) -> tuple[QueueConsumer, ...]:
        """What a Worker takes from, as the emulator is configured."""
        return tuple(
            _configured(row["name"], consumer)
            for row in self.all(account_id)
            for consumer in self.consumers(row["id"])
            if consumer.type == "worker" and consumer.script == script
        )


def _consumer(row: sqlite3.Row) -> Consumer:
    settings = json.loads(row["settings"])
    return Consumer(
        row["id"], row["type"], row["script"], settings, row["dead_letter_queue"], row["created_ms"]
    )


def _configured(queue: str, consumer: Consumer) -> QueueConsumer:
    given: dict[str, Any] = {
        own: int(consumer.settings[name])
        for name, own in _SETTINGS.items()
        if consumer.settings.get(name) is not None
    }
    if consumer.settings.get("max_wait_time_ms") is not None:
        given["max_batch_timeout_s"] = consumer.settings["max_wait_time_ms"] / 1000
    return QueueConsumer(queue, dead_letter_queue=consumer.dead_letter_queue, **given)
