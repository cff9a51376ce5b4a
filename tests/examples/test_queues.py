"""The example with a queue: on a good day, and when everything comes twice."""

from __future__ import annotations

import pytest

from edge.testing.client import Client
from edge.testing.world import WorldUnderTest

pytestmark = pytest.mark.edge(config="../../examples/queues")

BAD_DAY = [
    {"kind": "queue_duplicate", "probability": 0.3},
    {"kind": "queue_batch_lost", "probability": 0.3},
    {"kind": "queue_delay", "extra": "10m", "probability": 0.1},
    {"kind": "crash", "class": "Ledger", "probability": 0.1},
    {"kind": "commit_fails", "class": "Ledger", "probability": 0.1},
]


async def test_an_order_is_taken_at_once_and_booked_later(client: Client, world: WorldUnderTest) -> None:
    assert (await client.post("/orders/1?amount=5")).status == 202
    assert (await client.get("/")).json() == {"booked": 0, "refused": 0, "total": 0}
    await world.advance("2s")
    assert (await client.get("/")).json() == {"booked": 1, "refused": 0, "total": 5}


async def test_what_cannot_be_booked_is_refused_in_the_end(client: Client, world: WorldUnderTest) -> None:
    await client.post("/orders/1?amount=much")
    await world.advance("1m")
    assert (await client.get("/")).json()["refused"] == 0
    await world.advance("1m")
    assert (await client.get("/")).json() == {"booked": 0, "refused": 1, "total": 0}


@pytest.mark.seeds(3)
@pytest.mark.edge(config="../../examples/queues", faults=BAD_DAY)
async def test_each_order_counts_once_whatever_comes_twice(client: Client, world: WorldUnderTest) -> None:
    for number in range(100):
        assert (await client.post(f"/orders/{number}?amount=1")).status == 202
        await world.advance("1s")
    await world.advance("1h")
    for queue in ("orders", "dead-orders"):
        assert await world.queue(queue).messages() == []
    counted = await books(world)
    assert counted["booked"] + counted["refused"] == 100
    assert world.faults is not None
    assert set(world.faults.counts) == {fault["kind"] for fault in BAD_DAY}


async def books(world: WorldUnderTest) -> dict[str, float]:
    """What the ledger has on disk, which no crash takes away."""
    rows = (
        world.durable("LEDGER")
        .storage("books")
        .sql("SELECT count(amount) AS booked, count(*) - count(amount) AS refused FROM orders")
    )
    return rows[0]
