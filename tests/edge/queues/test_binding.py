"""What a Worker sends, and what is refused."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from tests.edge.queues.worlds import in_world, taking

SENDER = """
import json
from pyodide.ffi import to_js
SEEN = []

class Actor(DurableObject):
    async def tell(self):
        await self.ctx.storage.put("told", True)
        await self.env.Q.send("told")

class Default(WorkerEntrypoint):
    async def fetch(self, request):
        if request.method == "GET":
            return Response(json.dumps(SEEN))
        try:
            result = eval(await request.text(), {"q": self.env.Q, "js": js, "to_js": to_js, "env": self.env})
            result = await result
        except Exception as failure:
            return Response(f"{type(failure).__name__} {failure}", status=400)
        return Response(json.dumps(result, default=str))

    async def queue(self, batch, env, ctx):
        for one in batch.messages:
            SEEN.append([type(one.body).__name__, str(one.body), type(one.timestamp).__name__, len(one.id)])
"""
DEFAULTS: dict[str, Any] = {"max_batch_timeout_s": 0}


def sends(folder: Path, *calls: str, options: dict[str, Any] | None = None) -> tuple[list[Any], list[Any]]:
    """What each call of a Worker gave, and what its handler was given."""
    world = taking(folder, SENDER, options={"classes": ("Actor",), **(options or {})}, **DEFAULTS)

    async def script() -> Any:
        answers = []
        for call in calls:
            reply = await world.client.post("/", content=call)
            answers.append(reply.text)
            await world.advance("1s")
        return answers, (await world.client.get("/")).json()

    answers, seen = in_world(world, script)
    return answers, seen


def test_each_content_type_arrives_as_it_was_sent(tmp_path: Path) -> None:
    answers, seen = sends(
        tmp_path,
        'q.send({"a": [1, None]})',
        'q.send("text", contentType="text")',
        'q.send(b"\\x01\\x02", {"contentType": "bytes"})',
        'q.send("as v8", contentType="V8")',
        'q.sendBatch([{"body": 1}, {"body": "two", "contentType": "text"}], delaySeconds=1)',
    )
    assert all(set(json.loads(answer)) == {"metadata"} for answer in answers)
    assert [(kind, text) for kind, text, *_ in seen[:2]] == [("JsDict", "{'a': [1, None]}"), ("str", "text")]
    assert seen[2][0] == "memoryview"
    assert [(kind, text) for kind, text, *_ in seen[3:]] == [("str", "as v8"), ("int", "1"), ("str", "two")]
    assert {(stamp, length) for *_, stamp, length in seen} == {("datetime", 32)}


def test_metrics_say_what_waits(tmp_path: Path) -> None:
    answers, _ = sends(
        tmp_path, "q.metrics()", 'q.send("later", contentType="text", delaySeconds=60)', "q.metrics()"
    )
    assert json.loads(answers[0]) == {"backlogCount": 0, "backlogBytes": 0}
    sent = json.loads(answers[1])["metadata"]["metrics"]
    assert (
        sent
        == json.loads(answers[2])
        == {
            "backlogCount": 1,
            "backlogBytes": 5,
            "oldestMessageTimestamp": "2026-01-01 00:00:01",
        }
    )


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (
            "q.send()",
            "TypeError: Failed to execute 'send' on 'WorkerQueue': parameter 1 is not of type 'Value'.",
        ),
        ('q.send("x", contentType="nope")', "TypeError: Unsupported queue message content type: nope"),
        (
            'q.send(5, contentType="text")',
            'TypeError: Content Type "text" requires a value of type string, but received: number',
        ),
        (
            'q.send("x", contentType="bytes")',
            'TypeError: Content Type "bytes" requires a value of type ArrayBufferView, but received: string',
        ),
        ("q.sendBatch([])", "TypeError: sendBatch() requires at least one message"),
        ("q.sendBatch([{}])", "TypeError: Message body cannot be undefined"),
        (
            'q.sendBatch("abc")',
            "TypeError: Failed to execute 'sendBatch' on 'WorkerQueue': "
            "parameter 1 is not of type 'Sequence'.",
        ),
        (
            'q.send("x", "text")',
            "TypeError: Failed to execute 'send' on 'WorkerQueue': parameter 2 is not of type 'SendOptions'.",
        ),
        ('q.send("x", delaySeconds=-1)', "Error: Unknown Internal Error (15000)"),
    ],
)
def test_what_is_refused(tmp_path: Path, call: str, told: str) -> None:
    answers, seen = sends(tmp_path, call)
    assert answers == [f"JsException {told}"]
    assert seen == []


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        ('q.send("x" * 128_000)', "message length of 128002 bytes exceeds limit of 128000"),
        ('q.sendBatch([{"body": 1}] * 101)', "batch message count of 101 exceeds limit of 100"),
        (
            'q.sendBatch([{"body": "x" * 100_000}] * 3)',
            "batch size of 300006 bytes exceeds limit of 288000",
        ),
        (
            'q.sendBatch([{"body": "x" * 130_000}])',
            "message in batch has length 130002 bytes which exceeds single message size limit of 128000",
        ),
        ('q.send("x", delaySeconds=86401)', "message delay 86401 is invalid: it must be 0 to 86400 seconds"),
    ],
)
def test_what_is_too_much(tmp_path: Path, caplog: pytest.LogCaptureFixture, call: str, reason: str) -> None:
    caplog.set_level(logging.WARNING)
    answers, seen = sends(tmp_path, call)
    assert answers == ["JsException Error: Unknown Internal Error (15000)"]
    assert reason in caplog.text
    assert seen == []


def test_before_the_flag_the_error_says_why(tmp_path: Path) -> None:
    world = taking(tmp_path, SENDER, flags=("no_queue_expose_error_codes",), **DEFAULTS)

    async def script() -> Any:
        return (await world.client.post("/", content='q.sendBatch([{"body": 1}] * 101)')).text

    told = "JsException Error: Queue sendBatch failed: batch message count of 101 exceeds limit of 100"
    assert in_world(world, script) == told


def test_the_largest_there_may_be(tmp_path: Path) -> None:
    answers, seen = sends(
        tmp_path, 'q.send("x" * 128_000, contentType="text")', "q.sendBatch([{'body': 0}] * 100)"
    )
    assert all(answer.startswith("{") for answer in answers)
    assert len(seen) == 101


def test_each_call_is_a_subrequest(tmp_path: Path) -> None:
    world = taking(tmp_path, SENDER, options={"subrequests_max": 1}, **DEFAULTS)

    async def script() -> Any:
        call = "__import__('asyncio').gather(q.send(1), q.metrics())"
        return (await world.client.post("/", content=call)).text

    assert in_world(world, script) == "JsException Error: Too many subrequests by single Worker invocation."


def test_a_message_is_what_it_was_when_it_was_sent(tmp_path: Path) -> None:
    _, seen = sends(tmp_path, """(lambda d: (q.send(d), setattr(d, "a", 2))[0])(js.JSON.parse('{"a": 1}'))""")
    assert seen[0][:2] == ["JsDict", "{'a': 1}"]


def test_an_object_says_nothing_before_its_writes_are_durable(tmp_path: Path) -> None:
    once = [{"kind": "commit_fails", "times": 1}]
    world = taking(tmp_path, SENDER, options={"classes": ("Actor",)}, faults=once, **DEFAULTS)

    async def script() -> Any:
        call = 'env.ACTOR.getByName("a").tell()'
        failed = await world.client.post("/", content=call)
        await world.run_until_idle()
        after_failure = (await world.client.get("/")).json()
        again = await world.client.post("/", content=call)
        await world.run_until_idle()
        return failed.status, after_failure, again.status, len((await world.client.get("/")).json())

    assert in_world(world, script) == (400, [], 200, 1)
