"""Worlds with one Worker that sends and takes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from edge.config import QueueBinding, QueueConsumer, WorldConfig
from edge.kernel.clock import VirtualClock
from edge.testing.world import WorldUnderTest
from tests.edge.worker.workers import worker
from tests.loops import run_virtual
from wrangler_compat.modules.dialect import PythonDialect

#: Keeps what it was given in `SEEN`, and does what the messages say.
TAKER = """
import json
SEEN = []

class Default(WorkerEntrypoint):
    async def fetch(self, request):
        return Response(json.dumps(SEEN))

    async def queue(self, batch, env, ctx):
        SEEN.append([[m.body, m.attempts] for m in batch.messages])
        for message in batch.messages:
            match message.body:
                case "retry": message.retry()
                case "later": message.retry(delaySeconds=600)
                case "ack": message.ack()
        if any(m.body == "raise" for m in batch.messages):
            raise ValueError("no good")
"""

#: Sends what is posted, and shows `SEEN`; what it does with a batch is added.
SENDER = """
import json
SEEN = []

class Default(WorkerEntrypoint):
    async def fetch(self, request):
        if request.method == "POST":
            await self.env.Q.send(await request.text())
        return Response(json.dumps(SEEN))

    async def queue(self, batch, env, ctx):
"""


def taking(
    folder: Path,
    source: str = TAKER,
    *,
    state_dir: Path | None = None,
    clock: VirtualClock | None = None,
    options: dict[str, Any] | None = None,
    flags: tuple[str, ...] = (),
    faults: Any = None,
    network: Path | None = None,
    seed: int = 0,
    schedule: str = "fifo",
    **consumer: Any,
) -> WorldUnderTest:
    """A world whose Worker sends to `env.Q` and takes from it."""
    config = worker(
        folder,
        source,
        queues=(QueueBinding("Q", "jobs"), QueueBinding("DEAD", "dead")),
        queue_consumers=(QueueConsumer("jobs", **consumer),),
        **(options or {}),
    )
    config = replace(config, compatibility_flags=(*config.compatibility_flags, *flags))
    return WorldUnderTest(
        WorldConfig((config,)),
        dialect=PythonDialect(),
        clock=clock or VirtualClock(),
        state_dir=state_dir,
        faults=faults,
        network=network,
        seed=seed,
        schedule=schedule,
    )


def in_world(world: WorldUnderTest, script: Callable[[], Awaitable[Any]]) -> Any:
    """Run `script` in the started world, in virtual time."""

    async def main() -> Any:
        await world.start()
        try:
            return await world._inside(script())  # type: ignore[arg-type]
        finally:
            await world.close()

    assert isinstance(world.clock, VirtualClock)
    return run_virtual(main(), world.clock)


async def seen(world: WorldUnderTest) -> Any:
    """What `TAKER` was given: batches of [body, attempts]."""
    return (await world.client.get("/")).json()
