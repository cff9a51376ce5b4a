"""Programs in the background (spec section 5.1)."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from tests.sandbox.sdk.house import SdkHouse

WAITING = (
    "echo starting; while [ ! -e /tmp/go-on ]; do sleep 0.02; done; rm /tmp/go-on; echo ready >&2; exit 4"
)


def test_the_life_of_a_process(sdk: SdkHouse) -> None:
    async def body() -> None:
        box = sdk.box()
        process = await box.start_process(WAITING, env={"A": "1"})
        assert re.fullmatch(r"proc_\d+_[0-9a-z]{6}", process.id)
        assert isinstance(process.pid, int)
        assert (process.command, process.status, process.session_id) == (WAITING, "running", "sandbox-box")
        assert isinstance(process.start_time, datetime)
        assert process["startTime"].tzinfo is UTC
        assert process.end_time is None
        assert process.exitCode is None
        assert [found.id for found in await box.listProcesses()] == [process.id]
        assert await process.getStatus() == "running"
        found = await process.wait_for_log("start")
        assert found.line == "starting"
        await box.write_file("/tmp/go-on", "")
        matched = await process.wait_for_log(re.compile("rea(dy)"), 10_000)
        assert (matched.line, matched.match[1]) == ("ready", "dy")
        assert (await process.wait_for_exit(10_000)).exit_code == 4
        assert await process.get_status() == "failed"
        assert await process.get_logs() == {"stdout": "starting\n", "stderr": "ready\n"}
        ended = await box.get_process(process.id)
        assert ended.end_time >= ended.start_time
        assert ended.exit_code == 4

    sdk.run(body)


def test_what_does_not_become_ready(sdk: SdkHouse) -> None:
    async def body() -> None:
        box, errors = sdk.box(), sdk.sandbox.errors
        sleeping = await box.start_process("sleep 30", process_id="mine")
        assert sleeping.id == "mine"
        with pytest.raises(errors.ProcessReadyTimeoutError) as late:
            await sleeping.wait_for_log("never", timeout=50)
        assert str(late.value) == 'Process did not become ready within 50ms. Waiting for: "never"'
        assert late.value.code == "PROCESS_READY_TIMEOUT"
        assert late.value.context["timeout"] == 50
        with pytest.raises(errors.ProcessReadyTimeoutError, match="Waiting for: process exit"):
            await sleeping.wait_for_exit(50)
        with pytest.raises(errors.ProcessReadyTimeoutError, match=r"Waiting for: port 45671 \(TCP\)"):
            await sleeping.wait_for_port(45671, mode="tcp", timeout=50, interval=10)
        await sleeping.kill("SIGKILL")
        assert (await sleeping.wait_for_exit()).exit_code == 143
        assert await sleeping.get_status() == "killed"
        gone = await box.start_process("exit 3")
        with pytest.raises(errors.ProcessExitedBeforeReadyError) as early:
            await gone.wait_for_log(re.compile("x+"))
        assert str(early.value) == "Process exited with code 3 before becoming ready. Waiting for: /x+/"
        with pytest.raises(errors.ProcessExitedBeforeReadyError, match=r"port 45671 \(HTTP /up\)"):
            await gone.wait_for_port(45671, path="/up", interval=10)

    sdk.run(body)


def test_unknown_and_empty(sdk: SdkHouse) -> None:
    async def body() -> None:
        box, errors = sdk.box(), sdk.sandbox.errors
        assert await box.get_process("nobody") is None
        with pytest.raises(errors.ProcessNotFoundError) as unknown:
            await box.kill_process("nobody")
        assert (unknown.value.code, unknown.value.http_status) == ("PROCESS_NOT_FOUND", 404)
        with pytest.raises(errors.ProcessNotFoundError):
            await box.get_process_logs("no/body")
        with pytest.raises(errors.CommandError) as empty:
            await box.start_process("  ")
        assert str(empty.value) == "Invalid command: empty command provided"
        assert empty.value.code == "INVALID_COMMAND"
        assert await box.cleanup_completed_processes() == 0

    sdk.run(body)


def test_all_are_killed(sdk: SdkHouse) -> None:
    async def body() -> None:
        box = sdk.box()
        for _ in range(3):
            await box.start_process("sleep 30")
        assert await box.killAllProcesses() == 3
        assert {process.status for process in await box.list_processes()} == {"killed"}

    sdk.run(body)


def test_callbacks_are_served_until_the_end(sdk: SdkHouse) -> None:
    async def body() -> None:
        heard = await sdk.in_worker("""
import asyncio

async def main():
    heard, ended = [], asyncio.Event()
    def on_exit(code):
        heard.append(["exit", code])
        ended.set()
    await box.start_process(
        "echo out; exit 6",
        on_start=lambda process: heard.append(["start", process.command]),
        onOutput=lambda stream, data: heard.append([stream, data]),
        on_exit=on_exit,
    )
    await ended.wait()
    return heard
""")
        assert heard == [["start", "echo out; exit 6"], ["stdout", "out\n"], ["exit", 6]]

    sdk.run(body)


def test_a_log_stream_replays(sdk: SdkHouse) -> None:
    async def body() -> None:
        box = sdk.box()
        process = await box.start_process("echo said; exit 1")
        await process.wait_for_exit()
        stream = await box.stream_process_logs(process.id)
        events = [event async for event in sdk.sandbox.parse_sse_stream(stream)]
        assert [(event.type, event.data) for event in events] == [
            ("stdout", "said\n"),
            ("exit", "Process failed with exit code 1"),
        ]
        assert events[0].process_id == process.id
        assert events[-1].exit_code == 1

    sdk.run(body)
