"""Several Workers and one queue."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edge.config import QueueBinding, QueueConsumer, WorldConfig
from edge.errors import ConfigError
from edge.kernel.clock import VirtualClock
from edge.testing.queues import NobodyTakes
from edge.testing.world import WorldUnderTest
from tests.edge.queues.worlds import TAKER, in_world, seen
from tests.edge.worker.workers import worker
from wrangler_compat.modules.dialect import PythonDialect

SENDS = """
class Default(WorkerEntrypoint):
    async def fetch(self, request):
        await self.env.OUT.send(request.url.rsplit("/", 1)[1])
        return Response("sent")
"""


def world(folder: Path, *consumers: QueueConsumer, twice: bool = False) -> WorldUnderTest:
    sender = worker(folder, SENDS, name="sender", queues=(QueueBinding("OUT", "jobs", 60),))
    taker = worker(folder, TAKER, name="taker", queue_consumers=consumers)
    workers = (sender, taker, replace(taker, name="other")) if twice else (sender, taker)
    return WorldUnderTest(WorldConfig(workers), dialect=PythonDialect(), clock=VirtualClock())


async def taken(world: WorldUnderTest) -> Any:
    return (await world.client(worker="taker").get("/")).json()


def test_one_worker_sends_and_another_takes(tmp_path: Path) -> None:
    both = world(tmp_path, QueueConsumer("jobs", max_batch_timeout_s=0))

    async def script() -> Any:
        await both.client.get("/a")
        await both.advance("59s")
        before = await taken(both)
        await both.advance("1s")
        return before, await taken(both)

    assert in_world(both, script) == ([], [[["a", 1]]])


def test_two_cannot_take_from_one_queue(tmp_path: Path) -> None:
    both = world(tmp_path, QueueConsumer("jobs"), twice=True)
    with pytest.raises(ConfigError, match='Multiple consumers defined for queue "jobs": "taker" and "other"'):
        in_world(both, lambda: seen(both))


def test_a_queue_is_not_its_own_dead_letter_queue(tmp_path: Path) -> None:
    both = world(tmp_path, QueueConsumer("jobs", dead_letter_queue="jobs"))
    with pytest.raises(ConfigError, match='Dead letter queue for queue "jobs" cannot be itself'):
        in_world(both, lambda: seen(both))


def test_what_was_sent_before_anybody_took_it_is_delivered_after_a_reload(tmp_path: Path) -> None:
    both = world(tmp_path)

    async def script() -> Any:
        await both.client.get("/early")
        await both.advance("1h")
        with pytest.raises(NobodyTakes, match='no Worker of this world consumes the queue "jobs"'):
            await both.queue("OUT").deliver()
        sender, taker = both.config.workers
        await both.reload(WorldConfig((sender, replace(taker, queue_consumers=(QueueConsumer("jobs"),)))))
        await both.run_until_idle()
        return await taken(both)

    assert in_world(both, script) == [[["early", 1]]]


def test_after_a_reload_the_new_code_takes(tmp_path: Path) -> None:
    both = world(tmp_path, QueueConsumer("jobs"))

    async def script() -> Any:
        await both.client.get("/a")
        await both.reload(both.config)
        await both.advance("2m")
        return await taken(both), await both.queue("OUT").messages()

    assert in_world(both, script) == ([[["a", 1]]], [])
