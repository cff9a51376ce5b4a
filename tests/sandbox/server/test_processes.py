"""Background processes, their logs and streams."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from edge.js.errors import JsException
from sandbox.server import processes
from tests.sandbox.server.api import Api, Refused, with_api


async def until(events: AsyncIterator[dict[str, Any]], text: str) -> None:
    async for event in events:
        if text in event.get("data", ""):
            return
    raise AssertionError(f"{text} never came")


async def ended(api: Api, id: str) -> dict[str, Any]:
    async for _ in api.events("GET", f"process/{id}/stream"):
        continue
    info: dict[str, Any] = (await api.get(f"process/{id}"))["process"]
    return info


def test_a_process_runs_and_ends(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        await api.exec("cd /; export A=1")
        started = await api.post(
            "process/start", command="echo $A; pwd; echo e >&2; exit 4", sessionId="main"
        )
        id = started["processId"]
        assert re.fullmatch(r"proc_\d+_[0-9a-z]{6}", id)
        assert started["process"]["status"] == "running"
        info = await ended(api, id)
        assert (info["status"], info["exitCode"], info["sessionId"]) == ("failed", 4, "main")
        assert info["pid"] == started["pid"]
        assert info["endTime"] >= info["startTime"]
        logs = await api.get(f"process/{id}/logs")
        assert (logs["stdout"], logs["stderr"], logs["processId"]) == ("1\n/\n", "e\n", id)
        assert [process["id"] for process in (await api.get("process/list"))["processes"]] == [id]

    with_api(tmp_path, body)


def test_a_log_stream_replays_and_follows(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        go = api.instance.place("/workspace/go")
        command = (
            f"printf 'one \\342\\230'; while [ ! -e {go} ]; do sleep 0.01; done; printf '\\203'; echo bad >&2"
        )
        await api.post("process/start", command=command, processId="p")
        await until(api.events("GET", "process/p/stream"), "one")
        second = api.events("GET", "process/p/stream")
        first = await anext(second)
        assert (first["type"], first["data"], first["processId"]) == ("stdout", "one ", "p")
        go.touch()
        rest = [event async for event in second]
        assert "".join(event["data"] for event in rest if event["type"] == "stdout") == "☃"
        assert rest[-1]["type"] == "exit"
        assert rest[-1]["data"] == "Process completed with exit code 0"
        assert rest[-1]["exitCode"] == 0

    with_api(tmp_path, body)


def test_killing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "TERM_GRACE_S", 0.1)

    async def body(api: Api) -> None:
        for id in ("a", "b", "c"):
            await api.post("process/start", command="sleep 60", processId=id)
        deaf = "trap '' TERM; echo deaf; while :; do sleep 0.01; done"
        await api.post("process/start", command=deaf, processId="deaf")
        await until(api.events("GET", "process/deaf/stream"), "deaf")
        assert (await api.delete("process/a"))["processId"] == "a"
        info = (await api.get("process/a"))["process"]
        assert (info["status"], info["exitCode"]) == ("killed", 143)
        assert (await api.delete("process/kill-all"))["cleanedCount"] == 3
        assert (await api.get("process/deaf"))["process"]["exitCode"] == 137
        assert (await api.delete("process/kill-all"))["cleanedCount"] == 0
        await api.delete("process/a")  # it has ended: nothing happens
        with pytest.raises(Refused, match="nope") as caught:
            await api.delete("process/nope")
        assert (caught.value.status, caught.value.code) == (404, "PROCESS_NOT_FOUND")

    with_api(tmp_path, body)


def test_starting_what_cannot_start(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        with pytest.raises(Refused, match="Invalid command: empty command provided") as caught:
            await api.post("process/start", command="  ")
        assert (caught.value.status, caught.value.code) == (400, "INVALID_COMMAND")
        with pytest.raises(Refused, match="Failed to start process 'true': "):
            await api.post("process/start", command="true", cwd="/not/here")
        await api.post("process/start", command="sleep 60", processId="a")
        with pytest.raises(Refused, match="Process 'a' already exists"):
            await api.post("process/start", command="true", processId="a")

    with_api(tmp_path, body)


def test_a_command_is_streamed(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        found = [
            event
            async for event in api.events(
                "POST", "execute/stream", command="echo hi; exit 2", sessionId="main", timeoutMs=1
            )
        ]
        assert [event["type"] for event in found] == ["start", "stdout", "complete"]
        assert found[0]["command"] == "echo hi; exit 2"
        assert found[0]["pid"] > 0
        assert found[1]["data"] == "hi\n"
        assert found[2]["exitCode"] == 2
        assert found[2]["result"]["stdout"] == "hi\n"
        assert {event["sessionId"] for event in found} == {"main"}

    with_api(tmp_path, body)


def test_a_streamed_command_waits_for_its_reader_and_loses_nothing(tmp_path: Path) -> None:
    size = 20 * 1024 * 1024  # more than the log keeps

    async def body(api: Api) -> None:
        done = api.instance.place("/workspace/done")
        command = f"head -c {size} /dev/zero; touch {done}"
        events = api.events("POST", "execute/stream", command=command)
        assert (await anext(events))["type"] == "start"
        await asyncio.sleep(0.2)
        assert not done.exists(), "the command ran on though nobody read"
        total = 0
        async for event in events:
            total += len(event.get("data", ""))
        assert total == size

    with_api(tmp_path, body)


def test_a_slow_reader_of_a_log_does_not_hold_the_process_back(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        await api.post(
            "process/start",
            command="echo first; read x </dev/null; head -c 20000000 /dev/zero",
            processId="p",
        )
        slow = api.events("GET", "process/p/stream")
        assert (await anext(slow))["data"].startswith("first")
        info = await ended(api, "p")
        assert info["status"] == "completed"
        rest = [event async for event in slow]
        assert "bytes of output were dropped" in rest[0]["data"]
        assert rest[-1]["type"] == "exit"
        assert len((await api.get("process/p/logs"))["stdout"]) <= 8 * 1024 * 1024

    with_api(tmp_path, body)


def test_leaving_a_stream_early_leaves_the_process_alone(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        response = await api.send(
            "POST", "/api/execute/stream", {"command": "echo a; sleep 60", "processId": "p"}
        )
        stream = response.take_payload()
        seen = b""
        while b"stdout" not in seen:
            seen += await stream.pull()  # type: ignore[union-attr]
        waiting = asyncio.create_task(stream.pull())  # type: ignore[union-attr]
        await asyncio.sleep(0.01)
        await stream._cancel(None)  # type: ignore[union-attr]
        async with asyncio.timeout(5):
            await waiting
        info = (await api.get("process/list"))["processes"]
        assert [process["status"] for process in info] == ["running"]

    with_api(tmp_path, body)


def test_only_so_many_ended_processes_are_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "ENDED_MAX", 2)

    async def body(api: Api) -> None:
        for id in "abcd":
            await api.post("process/start", command="true", processId=id)
            await ended(api, id)
        assert [process["id"] for process in (await api.get("process/list"))["processes"]] == ["c", "d"]

    with_api(tmp_path, body)


def test_a_container_that_goes_breaks_the_streams(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        await api.post("process/start", command="echo up; sleep 60", processId="p")
        events = api.events("GET", "process/p/stream")
        await until(events, "up")
        events = api.events("GET", "process/p/stream")
        await anext(events)
        await api.instance.destroy()
        with pytest.raises(JsException, match="Network connection lost"):
            await anext(events)
        assert (await api.get("process/p"))["process"]["status"] == "error"

    with_api(tmp_path, body)
