"""From a message to what becomes of it, in virtual time."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest

from edge.kernel.clock import VirtualClock
from edge.kernel.spans import Span, Tracer
from edge.kernel.tasks import spawn
from tests.edge.queues.worlds import SENDER, in_world, seen, taking


def test_a_batch_leaves_when_it_is_full_or_has_waited(tmp_path: Path) -> None:
    world = taking(tmp_path, max_batch_size=2, max_batch_timeout_s=5)

    async def script() -> list[Any]:
        jobs = world.queue("Q")
        await jobs.send("a", "b", "c")
        await world.run_until_idle()
        found = [await seen(world)]
        await world.advance(4.9)
        found.append(await seen(world))
        await world.advance(0.2)
        return [*found, await seen(world), await jobs.messages()]

    full, rest = [["a", 1], ["b", 1]], [["c", 1]]
    assert in_world(world, script) == [[full], [full], [full, rest], []]


def test_what_fails_comes_again_until_it_is_dropped(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    world = taking(tmp_path, max_retries=2, retry_delay_s=60, max_batch_timeout_s=0)

    async def script() -> list[Any]:
        await world.queue("Q").send("raise")
        await world.run_until_idle()
        first = await seen(world)
        await world.advance(59)
        assert await seen(world) == first
        await world.advance("1h")
        return [await seen(world), await world.queue("Q").messages()]

    batches, left = in_world(world, script)
    assert batches == [[["raise", 1]], [["raise", 2]], [["raise", 3]]]
    assert left == []
    texts = [record.getMessage() for record in caplog.records]
    assert any(
        text.startswith('Dropped message "') and text.endswith('on queue "jobs" after 3 failed attempts!')
        for text in texts
    )
    assert sum("ValueError: no good" in text for text in texts) == 3


def test_one_message_may_be_retried_alone_and_later(tmp_path: Path) -> None:
    world = taking(tmp_path)

    async def script() -> Any:
        jobs = world.queue("Q")
        delivery = await jobs.deliver("fine", "later", "retry")
        (later, again) = await jobs.messages()
        assert (delivery.outcome, len(delivery.acked)) == ("ok", 1)
        assert delivery.retried == (later.id, again.id)
        assert (later.body, later.failed) == ("later", 1)
        await world.advance(599)
        between = await seen(world)
        await world.advance(10)
        return between, await seen(world)

    between, after = in_world(world, script)
    assert between[0] == [["fine", 1], ["later", 1], ["retry", 1]]
    assert between[1:] == [[["retry", 2]], [["retry", 3]], [["retry", 4]]], "4 attempts, then dropped"
    assert after[len(between) :] == [[["later", 2]]]


def test_what_was_acknowledged_before_the_failure_does_not_come_again(tmp_path: Path) -> None:
    world = taking(tmp_path)

    async def script() -> Any:
        delivery = await world.queue("Q").deliver("ack", "raise")
        return delivery, [one.body for one in await world.queue("Q").messages()]

    delivery, left = in_world(world, script)
    assert (delivery.outcome, len(delivery.acked), len(delivery.retried)) == ("exception", 1, 1)
    assert left == ["raise"]


def test_spent_messages_move_to_the_dead_letter_queue_as_they_were(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    world = taking(tmp_path, max_retries=0, dead_letter_queue="dead")

    async def script() -> Any:
        await world.queue("Q").send("retry")
        (before,) = await world.queue("Q").messages()
        await world.advance(10)
        (dead,) = await world.queue("DEAD").messages()
        return before, dead, await world.queue("Q").messages()

    before, dead, left = in_world(world, script)
    assert before == dead
    assert left == []
    assert 'to dead letter queue "dead" after 1 failed attempt...' in caplog.text


def test_messages_survive_a_restart(tmp_path: Path) -> None:
    clock = VirtualClock()
    state = tmp_path / "state"

    async def leave() -> None:
        await first.queue("Q").send("kept")
        await first.queue("Q").send("for later", delay="1h")

    first = taking(tmp_path, state_dir=state, clock=clock)
    in_world(first, leave)

    second = taking(tmp_path, state_dir=state, clock=clock)

    async def find() -> Any:
        await second.advance(6)
        found = [await seen(second)]
        await second.advance("1h")
        return [*found, await seen(second)]

    one = [["kept", 1]]
    assert in_world(second, find) == [[one], [one, [["for later", 1]]]]


def test_what_nobody_takes_is_gone_after_four_days(tmp_path: Path) -> None:
    world = taking(tmp_path, source="class Default(WorkerEntrypoint): pass")

    async def script() -> Any:
        await world.queue("DEAD").send("old")
        await world.advance("3d")
        before = len(await world.queue("DEAD").messages())
        await world.advance("2d")
        return before, await world.queue("DEAD").messages()

    assert in_world(world, script) == (1, [])


def test_a_worker_without_a_handler_fails(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    world = taking(tmp_path, source="class Default(WorkerEntrypoint): pass")

    async def script() -> Any:
        return await world.queue("Q").deliver("x")

    assert in_world(world, script).outcome == "exception"
    assert "Handler does not export a queue() function." in caplog.text


HANGS = """
class Default(WorkerEntrypoint):
    async def queue(self, batch, env, ctx):
        await asyncio.sleep(3600)
"""


def test_a_handler_has_fifteen_minutes(tmp_path: Path) -> None:
    world = taking(tmp_path, source=HANGS)

    async def script() -> Any:
        before = world.now
        delivery = await world.queue("Q").deliver("x")
        return delivery.outcome, len(delivery.retried), world.now - before

    assert in_world(world, script) == ("exceededWallTime", 1, 900)


WAITS = """
class Default(WorkerEntrypoint):
    async def queue(self, batch, env, ctx):
        async def fail():
            await asyncio.sleep(5)
            raise ValueError("in the background")
        self.ctx.waitUntil(fail())
"""


@pytest.mark.parametrize(
    ("flags", "outcome", "took_s"),
    [((), "exception", 5), (("queue_consumer_no_wait_for_wait_until",), "ok", 0)],
)
def test_background_work_counts_unless_the_flag_says_otherwise(
    tmp_path: Path, flags: tuple[str, ...], outcome: str, took_s: int
) -> None:
    world = taking(tmp_path, source=WAITS, flags=flags)

    async def script() -> Any:
        before = world.now
        delivery = await world.queue("Q").deliver("x")
        return delivery.outcome, world.now - before

    assert in_world(world, script) == (outcome, took_s)


SLOW = """
import json
RUNNING = 0
MOST = 0

class Default(WorkerEntrypoint):
    async def fetch(self, request):
        return Response(json.dumps(MOST))

    async def queue(self, batch, env, ctx):
        global RUNNING, MOST
        RUNNING += 1
        MOST = max(MOST, RUNNING)
        await asyncio.sleep(10)
        RUNNING -= 1
"""


@pytest.mark.parametrize("most", [1, 3])
def test_as_many_batches_at_a_time_as_configured(tmp_path: Path, most: int) -> None:
    world = taking(tmp_path, source=SLOW, max_batch_size=1, max_concurrency=most)

    async def script() -> Any:
        await world.queue("Q").send(*range(7))
        await world.advance("2m")
        return await seen(world), await world.queue("Q").messages()

    assert in_world(world, script) == (most, [])


def test_a_batch_says_so_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    world = taking(tmp_path)

    async def script() -> None:
        await world.queue("Q").deliver("fine", "retry")

    in_world(world, script)
    assert "QUEUE jobs 1/2 (0ms)" in [record.getMessage() for record in caplog.records]


OLD_STYLE = """
import json
SEEN = []

async def on_fetch(request, env, ctx):
    if request.method == "POST":
        await env.Q.send(await request.text())
    return Response(json.dumps(SEEN))

async def on_queue(batch, env, ctx):
    for message in batch.messages:
        SEEN.append([batch.queue, message.body, message.attempts])
        message.retry() if message.attempts == 1 else message.ack()
"""


def test_handlers_of_the_old_style(tmp_path: Path) -> None:
    flags = ("disable_python_no_global_handlers",)
    world = taking(tmp_path, OLD_STYLE, flags=flags, max_batch_timeout_s=0)

    async def script() -> Any:
        await world.client.post("/", content="hello")
        await world.run_until_idle()
        return await seen(world), await world.queue("Q").messages()

    assert in_world(world, script) == ([["jobs", "hello", 1], ["jobs", "hello", 2]], [])


RACE = (
    SENDER
    + """
        for message in batch.messages:
            SEEN.append(["begin", message.body])
            await asyncio.sleep(0)
            SEEN.append(["end", message.body])
"""
)


def test_the_same_seed_gives_the_same_order_and_another_seed_another(tmp_path: Path) -> None:
    def order(seed: int) -> Any:
        world = taking(tmp_path, RACE, max_batch_size=1, max_concurrency=5, seed=seed, schedule="seeded")

        async def script() -> Any:
            await world.start()
            posts = [spawn(world.client.post("/", content=str(n)), name=f"post {n}") for n in range(8)]
            await asyncio.gather(*posts)
            await world.advance("1m")
            found = await seen(world)
            await world.close()
            return found

        try:
            return world.run(script())
        finally:
            world.stage.close()

    orders = [order(seed) for seed in range(4)]
    assert orders == [order(seed) for seed in range(4)]
    assert len({str(one) for one in orders}) > 1
    assert all(len(one) == 16 for one in orders)


class Ended:
    """Keeps the spans that end."""

    def __init__(self) -> None:
        self.spans: list[Span] = []

    def ended(self, span: Span) -> None:
        self.spans.append(span)


def test_a_batch_is_a_tree_of_its_own(tmp_path: Path) -> None:
    world = taking(tmp_path, RACE)
    sink = Ended()
    world.tracer = Tracer(world.clock, sink)

    async def script() -> None:
        await world.client.post("/", content="hello")
        await world.advance("5s")

    in_world(world, script)
    spans = {span.name: span for span in sink.spans}
    sent, batch = spans["queue.send"], spans["queue.batch"]
    assert (sent.root.name, batch.parent_id) == ("request", None)
    assert sent.tags == {"queue": "jobs", "messages": 1, "size_bytes": len(b'"hello"')}
    told = {"queue": "jobs", "worker": "main", "messages": 1, "outcome": "ok", "acked": 1}
    assert told.items() <= batch.tags.items()
