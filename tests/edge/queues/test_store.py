"""What a queue keeps, how long, and for whom."""

from __future__ import annotations

import asyncio
from pathlib import Path

from edge.kernel.clock import WallClock
from edge.kernel.random import RandomStreams
from edge.kernel.tasks import give_way, spawn
from edge.queues.message import Message, Metrics
from edge.queues.queue import Queue
from edge.queues.store import Store, queue_path
from tests.loops import run


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


def test_what_is_on_disk_is_delivered_though_its_sender_is_gone(tmp_path: Path) -> None:
    async def script() -> list[int]:
        queue = Queue("jobs", queue_path(tmp_path, "jobs"), WallClock(), RandomStreams(1))
        arrived = asyncio.Event()
        queue.on_arrival = arrived.set
        sender = spawn(queue.send([("text", b"x", 0.0)]), name="sender")
        await give_way()
        sender.cancel()
        await arrived.wait()
        found = queue.backlog.take(queue.now_ms(), 10)
        await queue.close()
        assert sender.cancelled()
        return found

    assert run(script()) == [1]
