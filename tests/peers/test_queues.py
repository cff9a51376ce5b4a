"""Queues here and in the real runtime: the same batches of messages that say what is to be done with them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from edge.config import QueueBinding, QueueConsumer, WorldConfig
from edge.kernel.clock import VirtualClock
from edge.testing.world import WorldUnderTest
from tests.edge.queues.worlds import in_world, seen
from tests.edge.worker.workers import worker
from tests.peers.npm import environment, peers
from wrangler_compat.modules.dialect import PythonDialect

pytestmark = [pytest.mark.peers, pytest.mark.slow]

PLAYER = Path(__file__).parent / "queue_cases.js"
Case = dict[str, Any]


def case(
    batches: int, *bodies: Any, size: int = 10, retries: int = 1, wait_s: float = 0.2, **more: Any
) -> Case:
    """Messages that are sent together to a queue of their own, and how many batches that makes."""
    consumer = {"maxBatchSize": size, "maxRetries": retries, "maxBatchTimeout": wait_s, **more}
    messages = [one if isinstance(one, dict) else {"body": one, "options": {}} for one in bodies]
    return {"consumer": consumer, "messages": messages, "batches": batches}


def typed(body: Any, content_type: str, **options: Any) -> dict[str, Any]:
    return {"body": body, "options": {"contentType": content_type, **options}}


CASES = [
    case(1, "one"),
    case(2, "a", "b", "c", size=2),
    case(3, 1, 2, 3, size=1),
    case(1, "a", typed("b", "text"), typed({"c": [1, None]}, "v8"), typed([True], "json")),
    case(2, "retry", "fine"),
    case(2, "raise", "fine"),
    case(3, "retry", retries=2),
    case(1, "retry", retries=0, deadLetterQueue="dead"),
    case(2, "retry", "fine", retries=1, deadLetterQueue="dead"),
    case(1, "ack retry", "fine"),
    case(2, "retry ack", "fine"),
    case(2, "retryAll", "fine"),
    case(1, "ackAll retry", "fine"),
    case(1, "ackAll retryAll", "fine"),
    case(2, "retryAll ackAll", "fine"),
    case(2, "ack", "retryAll"),
    case(2, typed("later", "text", delaySeconds=1), "now"),
    case(2, "retry", retryDelay=1),
]

#: Cases that differ, with the reason.
DIFFERENCES = {
    "q15": "in miniflare retryAll() overrules an ack() before it, on Cloudflare the ack() counts",
    "q16": "miniflare does not count messages that are not due yet",
}

SOURCE = """
import json
SEEN = {}

class Default(WorkerEntrypoint):
    async def fetch(self, request):
        if request.method == "GET":
            return Response(json.dumps(SEEN))
        for index, one in enumerate(json.loads(await request.text())):
            queue = getattr(self.env, f"Q{index}")
            messages = [{"body": each["body"], **each["options"]} for each in one["messages"]]
            if len(messages) == 1:
                await queue.send(messages[0]["body"], messages[0])
            else:
                await queue.sendBatch(messages)
        return Response("sent")

    async def queue(self, batch, env, ctx):
        messages = [[one.body, one.attempts] for one in batch.messages]
        left = batch.metadata.metrics.backlogCount
        SEEN.setdefault(batch.queue, []).append({"messages": messages, "left": left})
        for one in batch.messages:
            for word in str(one.body).split(" "):
                match word:
                    case "ack": one.ack()
                    case "retry": one.retry()
                    case "ackAll": batch.ackAll()
                    case "retryAll": batch.retryAll()
        if any("raise" in str(one.body) for one in batch.messages):
            raise ValueError("no good")
"""


def theirs() -> dict[str, Any]:
    modules = peers() / "node_modules"
    done = subprocess.run(
        [str(modules / ".bin" / "node"), str(PLAYER)],
        input=json.dumps(CASES).encode(),
        env=environment({"NODE_PATH": str(modules)}),
        capture_output=True,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    # What the Worker's runtime says comes before it.
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def ours(folder: Path) -> dict[str, Any]:
    consumers = [QueueConsumer("dead", max_batch_timeout_s=0, max_retries=0)]
    for index, one in enumerate(CASES):
        given = one["consumer"]
        consumers.append(
            QueueConsumer(
                f"q{index}",
                max_batch_size=given["maxBatchSize"],
                max_batch_timeout_s=given["maxBatchTimeout"],
                max_retries=given["maxRetries"],
                dead_letter_queue=given.get("deadLetterQueue"),
                retry_delay_s=given.get("retryDelay", 0),
            )
        )
    bindings = tuple(QueueBinding(f"Q{index}", f"q{index}") for index in range(len(CASES)))
    config = worker(folder, SOURCE, queues=bindings, queue_consumers=tuple(consumers))
    world = WorldUnderTest(WorldConfig((config,)), dialect=PythonDialect(), clock=VirtualClock())

    async def script() -> Any:
        await world.client.post("/", content=json.dumps(CASES))
        await world.advance("1m")
        return await seen(world)

    found: dict[str, Any] = in_world(world, script)
    return found


def test_both_deliver_the_same_batches(tmp_path: Path) -> None:
    mine, real = ours(tmp_path), theirs()
    assert [len(mine[f"q{index}"]) for index in range(len(CASES))] == [one["batches"] for one in CASES]
    assert sorted(map(str, mine.pop("dead"))) == sorted(map(str, real.pop("dead")))
    assert mine.keys() == real.keys()
    assert {name for name in mine if mine[name] != real[name]} == set(DIFFERENCES)
