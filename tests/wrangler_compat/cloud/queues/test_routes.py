"""Queues over the API, and what is deployed taking from them."""

from __future__ import annotations

from typing import Any

from tests.loops import run
from tests.wrangler_compat.cloud.calls import calling
from tests.wrangler_compat.cloud.serving.test_serving import AT, FLAGS, asked, serving
from tests.wrangler_compat.cloud.workers.uploads import upload_of

QUEUES = "/queues"
SOURCE = """
from workers import Response, WorkerEntrypoint

SEEN = []

class Default(WorkerEntrypoint):
    async def fetch(self, request):
        await self.env.JOBS.send("hello")
        return Response(str(SEEN))

    async def queue(self, batch, env, ctx):
        SEEN.extend(message.body for message in batch.messages)
"""
BINDING = {"name": "JOBS", "type": "queue", "queue_name": "jobs"}
CONSUMER = {"type": "worker", "script_name": "hello", "settings": {"batch_size": 2, "max_wait_time_ms": 0}}


def upload() -> Any:
    return upload_of({"entry.py": SOURCE}, **FLAGS, bindings=[BINDING])


def test_the_life_of_a_queue() -> None:
    async def check() -> None:
        async with calling() as calls:
            made = await calls.ok("POST", QUEUES, json={"queue_name": "jobs"})
            at = f"{QUEUES}/{made['queue_id']}"
            assert (made["queue_name"], made["consumers_total_count"]) == ("jobs", 0)
            taken = await calls.no("POST", QUEUES, json={"queue_name": "jobs"})
            assert taken[:2] == (409, 11009)
            await calls.ok("POST", QUEUES, json={"queue_name": "others"})
            changed = await calls.ok("PATCH", at, json={"settings": {"delivery_delay": 7}})
            assert changed["settings"] == {"delivery_delay": 7, "message_retention_period": 345_600}
            found = await calls.ok("GET", QUEUES, params={"name": "jobs"})
            assert [one["queue_id"] for one in found] == [made["queue_id"]]
            assert (await calls.ok("POST", f"{at}/purge"))["complete"] is True
            await calls.ok("DELETE", at)
            assert (await calls.no("GET", at))[:2] == (404, 11000)
            assert [one["queue_name"] for one in await calls.ok("GET", QUEUES)] == ["others"]
            assert (await calls.no("POST", QUEUES, json={"queue_name": "No!"}))[:2] == (400, 11003)

    run(check())


def test_who_takes_and_who_sends() -> None:
    async def check() -> None:
        async with calling() as calls:
            made = await calls.ok("POST", QUEUES, json={"queue_name": "jobs"})
            at = f"{QUEUES}/{made['queue_id']}"
            assert (await calls.no("POST", f"{at}/consumers", json=CONSUMER))[:2] == (404, 10007)
            await calls.ok("PUT", AT, files=upload())
            consumer = await calls.ok("POST", f"{at}/consumers", json=CONSUMER)
            assert (await calls.no("POST", f"{at}/consumers", json=CONSUMER))[:2] == (409, 11004)
            one = f"{at}/consumers/{consumer['consumer_id']}"
            changed = {**CONSUMER, "settings": {"max_retries": 1}, "dead_letter_queue": "dead"}
            assert (await calls.ok("PUT", one, json=changed))["settings"] == {"max_retries": 1}
            for wrong in (
                {"settings": {"batch_size": 0}},
                {"settings": {"max_retries": True}},
                {"dead_letter_queue": "jobs"},
            ):
                assert (await calls.no("PUT", one, json={**CONSUMER, **wrong}))[:2] == (400, 100127)
            shown = await calls.ok("GET", at)
            assert shown["producers"] == [{"type": "worker", "script": "hello"}]
            assert [(each["script"], each["dead_letter_queue"]) for each in shown["consumers"]] == [
                ("hello", "dead")
            ]
            await calls.ok("DELETE", one)
            assert await calls.ok("GET", f"{at}/consumers") == []
            assert (await calls.no("DELETE", one))[:2] == (404, 11000)

    run(check())


def test_a_deployed_worker_takes_what_it_sends() -> None:
    async def check() -> None:
        async with serving() as calls:
            made = await calls.ok("POST", QUEUES, json={"queue_name": "jobs"})
            at = f"{QUEUES}/{made['queue_id']}"
            await calls.ok("PUT", AT, files=upload())
            await asked(calls)
            await calls.ok("POST", f"{at}/purge")
            await calls.ok("POST", f"{at}/consumers", json=CONSUMER)
            runner = calls.cloud.runner(calls.account)
            assert runner is not None
            jobs = runner.world.broker.queue("jobs")
            assert (await jobs.metrics()).count == 0
            assert await asked(calls) == (200, "[]")
            while (await jobs.metrics()).count:
                await runner.world.clock.sleep(0.01)
            assert await asked(calls) == (200, "['hello']")
            await calls.ok("DELETE", AT)
            assert await calls.ok("GET", f"{at}/consumers") == []

    run(check())
