"""Queues in wrangler's files. That wrangler reads them the same: `tests/peers/configs/*queues*`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edge.config import QueueBinding, QueueConsumer
from tests.wrangler_compat.config.projects import loaded, refusal, worker


def test_producers_and_consumers(tmp_path: Path) -> None:
    settings = {
        "producers": [{"binding": "JOBS", "queue": "jobs", "delivery_delay": 60}, {"binding": "own-name"}],
        "consumers": [
            {"queue": "plain"},
            {
                **{"queue": "jobs", "max_batch_size": 7, "max_batch_timeout": 0.5, "max_retries": 0},
                **{"dead_letter_queue": "dead", "retry_delay": 9, "max_concurrency": 2},
            },
        ],
    }
    found = worker(tmp_path, {"queues": settings})
    assert found.queues == (QueueBinding("JOBS", "jobs", 60), QueueBinding("own-name", "own-name"))
    assert found.queue_consumers == (
        QueueConsumer("plain", 10, 5, 3, None, 0, 1),
        QueueConsumer("jobs", 7, 0.5, 0, "dead", 9, 2),
    )


def test_a_delivery_delay_is_warned_of(tmp_path: Path) -> None:
    producer = {"binding": "JOBS", "delivery_delay": 60}
    (warning,) = loaded(tmp_path, {"queues": {"producers": [producer]}}).warnings
    assert '"delivery_delay" field in "queues.producers[0]" is deprecated and has no effect.' in warning


@pytest.mark.parametrize(
    ("part", "entry", "message"),
    [
        ("producers", {}, '"queues.producers[0]" bindings should have a string "binding" field but got {}.'),
        (
            "producers",
            {"binding": "Q", "remote": True},
            '"queues.producers[0]" has "remote": true, and remote bindings are not emulated.',
        ),
        (
            "producers",
            {"binding": "Q", "delivery_delay": 86401},
            '"queues.producers[0].delivery_delay" should be 0 to 86400 but got 86401.',
        ),
        ("consumers", {}, '"queues.consumers[0]" should have a string "queue" field but got {}.'),
        (
            "consumers",
            {"queue": "q", "max_batch_size": 101},
            '"queues.consumers[0].max_batch_size" should be 1 to 100 but got 101.',
        ),
    ],
)
def test_what_is_wrong(tmp_path: Path, part: str, entry: Any, message: str) -> None:
    assert f"  - {message}" in refusal(tmp_path, {"queues": {part: [entry]}})


def test_names_are_given_once(tmp_path: Path) -> None:
    settings = {"queues": {"producers": [{"binding": "Q"}]}, "kv_namespaces": [{"binding": "Q"}]}
    assert "Q assigned to KV Namespace and Queue bindings." in refusal(tmp_path, settings)
