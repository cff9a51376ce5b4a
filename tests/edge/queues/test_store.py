"""What a queue keeps, and how long."""

from __future__ import annotations

from pathlib import Path

from edge.queues.message import Message, Metrics
from edge.queues.store import Store, queue_path


def message(name: str, size: int = 3) -> Message:
    return Message(name, 1000, "text", b"x" * size)


def test_messages_stay_until_they_are_settled(tmp_path: Path) -> None:
    store = Store(queue_path(tmp_path, "a/b"))
    (first, _), (second, due_ms) = store.put([(message("a"), 0), (message("b", 5), 700)], 10_000)
    assert due_ms == 700
    assert store.metrics() == Metrics(2, 8, 1000)
    store.settle([first], [(second, 900)])
    store.close()
    assert [path.name for path in (tmp_path / "v3" / "queues").glob("*.sqlite")] == ["a%2Fb.sqlite"]
    again = Store(queue_path(tmp_path, "a/b"))
    assert again.waiting() == [(second, 900)]
    assert [kept.message.failed for kept in again.load([second, first])] == [1]
    assert again.metrics() == Metrics(1, 5, 1000)


def test_an_id_is_kept_once() -> None:
    store = Store(None)
    assert len(store.put([(message("a"), 0)], 10)) == 1
    assert store.put([(message("a"), 0)], 10) == []
    assert store.metrics().count == 1


def test_what_nobody_takes_is_forgotten_in_the_end() -> None:
    store = Store(None)
    store.put([(message("a"), 0)], 500)
    store.put([(message("b"), 0)], 900)
    assert store.expire(499) == 0
    assert store.expire(500) == 1
    assert store.metrics() == Metrics(1, 3, 1000)
    store.clear()
    assert store.metrics() == Metrics(0, 0, None)
