"""Waiting for what a process prints, and for its end (spec section 5.1)."""

from __future__ import annotations

import re
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from sandbox.client.sse import parse_sse_stream
from sandbox.client.within import within
from sandbox.container.values import Record
from sandbox.errors import (
    ProcessExitedBeforeReadyError,
    ProcessNotFoundError,
    ProcessReadyTimeoutError,
    SandboxError,
)

if TYPE_CHECKING:
    from sandbox.client.process import Process
    from sandbox.client.processes import Processes


async def for_log(sandbox: Processes, process: Process, pattern: Any, timeout_ms: float | None) -> Record:
    """See `Process.wait_for_log`."""
    condition = f"/{pattern.pattern}/" if isinstance(pattern, re.Pattern) else f'"{pattern}"'
    return await within(
        timeout_ms,
        _find(sandbox, process, pattern, condition),
        lambda: ready_timeout(process, condition, timeout_ms),
    )


async def for_exit(sandbox: Processes, process: Process, timeout_ms: float | None) -> Record:
    """See `Process.wait_for_exit`."""
    return await within(
        timeout_ms, _exit(sandbox, process), lambda: ready_timeout(process, "process exit", timeout_ms)
    )


async def _find(sandbox: Processes, process: Process, pattern: Any, condition: str) -> Record:
    printed = await sandbox.get_process_logs(process["id"])
    for stream in ("stdout", "stderr"):
        if found := _match(printed[stream], pattern):
            return found
    # The stream begins with what was printed before, so nothing is missed in between.
    lines = {"stdout": "", "stderr": ""}
    async with aclosing(parse_sse_stream(await sandbox.stream_process_logs(process["id"]))) as events:
        async for event in events:
            if event["type"] in lines:
                text = lines[event["type"]] + (event.get("data") or "")
                if found := _match(text, pattern):
                    return found
                lines[event["type"]] = text.rpartition("\n")[2]
            elif event["type"] == "exit":
                raise exited_before_ready(process, condition, event.get("exitCode", 1))
    raise exited_before_ready(process, condition, 0)


def _match(text: str, pattern: Any) -> Record | None:
    """The first line that has the pattern."""
    for line in text.split("\n"):
        if isinstance(pattern, re.Pattern):
            if match := pattern.search(line):
                return Record(line=line, match=match)
        elif pattern in line:
            return Record(line=line)
    return None


async def _exit(sandbox: Processes, process: Process) -> Record:
    async with aclosing(parse_sse_stream(await sandbox.stream_process_logs(process["id"]))) as events:
        async for event in events:
            if event["type"] == "exit":
                return Record(exitCode=event.get("exitCode", 1))
    found = await sandbox.get_process(process["id"])
    if found is None:
        raise ProcessNotFoundError(
            f"Process not found: {process['id']}", context={"processId": process["id"]}
        )
    if found["exitCode"] is None:
        raise SandboxError("Process stream ended unexpectedly without exit event")
    return Record(exitCode=found["exitCode"])


def ready_timeout(process: Any, condition: str, timeout_ms: float | None) -> ProcessReadyTimeoutError:
    return ProcessReadyTimeoutError(
        f"Process did not become ready within {timeout_ms or 0:g}ms. Waiting for: {condition}",
        context={**_about(process, condition), "timeout": timeout_ms},
        suggestion=f"Check if your process outputs {condition}. You can increase the timeout parameter.",
    )


def exited_before_ready(process: Any, condition: str, exit_code: int) -> ProcessExitedBeforeReadyError:
    return ProcessExitedBeforeReadyError(
        f"Process exited with code {exit_code} before becoming ready. Waiting for: {condition}",
        context={**_about(process, condition), "exitCode": exit_code},
        suggestion="Check process logs with getLogs() for error messages",
    )


def _about(process: Any, condition: str) -> dict[str, Any]:
    return {"processId": process["id"], "command": process["command"], "condition": condition}
