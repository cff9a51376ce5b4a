"""Bad days of a queue, and what sending takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.edge.queues.worlds import SENDER, TAKER, in_world, seen, taking

SENDS = (
    SENDER
    + """
        SEEN.append([[m.body, m.attempts] for m in batch.messages])
"""
)


def test_a_queue_that_takes_nothing(tmp_path: Path) -> None:
    flags = ("no_queue_expose_error_codes",)
    world = taking(tmp_path, SENDS, faults=[{"kind": "queue_error", "times": 1}], flags=flags)

    async def script() -> Any:
        client = world.client(raise_errors=False)
        failed = await client.post("/", content="a")
        kept = await world.queue("Q").messages()
        return failed.status, failed.text.splitlines()[-1], kept, (await client.post("/", content="b")).status

    status, told, kept, then = in_world(world, script)
    assert (status, kept, then) == (500, [], 200)
    assert "Queue send failed: Internal Server Error" in told


def test_a_message_that_comes_late(tmp_path: Path) -> None:
    script_of_faults = [{"kind": "queue_delay", "queue": "jobs", "extra": "10m", "times": 1}]
    world = taking(tmp_path, faults=script_of_faults, max_batch_timeout_s=0)

    async def script() -> Any:
        await world.queue("Q").send("late", "in time")
        await world.advance("9m")
        before = await seen(world)
        await world.advance("2m")
        return before, await seen(world)

    assert in_world(world, script) == ([[["in time", 1]]], [[["in time", 1]], [["late", 1]]])


@pytest.mark.parametrize(
    ("kind", "second"),
    [("queue_duplicate", [["a", 2]]), ("queue_batch_lost", [["a", 2], ["b", 2]])],
)
def test_what_was_done_is_done_again(tmp_path: Path, kind: str, second: Any) -> None:
    world = taking(tmp_path, faults=[{"kind": kind, "times": 1}], max_batch_size=2)

    async def script() -> Any:
        await world.queue("Q").send("a", "b")
        await world.advance("1m")
        assert world.faults is not None
        return await seen(world), dict(world.faults.counts), await world.queue("Q").messages()

    batches, counts, left = in_world(world, script)
    assert batches == [[["a", 1], ["b", 1]], second]
    assert (counts, left) == ({kind: 1}, [])


def test_faults_of_other_queues_do_not_matter(tmp_path: Path) -> None:
    world = taking(tmp_path, faults=[{"kind": "queue_batch_lost", "queue": "other"}])

    async def script() -> Any:
        return await world.queue("Q").deliver("a")

    assert len(in_world(world, script).acked) == 1


def test_sending_takes_what_the_profile_says(tmp_path: Path) -> None:
    profile = tmp_path / "slow.toml"
    profile.write_text('name = "slow"\ndefault_place = "AMS"\n\n[queues]\nsend = 60.0\n')
    world = taking(tmp_path, TAKER, network=profile)

    async def script() -> Any:
        before = world.now
        await world.queue("Q").send("a")
        return round(world.now - before, 6)

    assert in_world(world, script) == 0.06
