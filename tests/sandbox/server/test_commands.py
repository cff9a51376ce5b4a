"""exec, with a session and without."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from sandbox.server import running
from tests.sandbox.server.api import Api, Refused, with_api


def test_a_result_has_the_spec_shape(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        result = await api.exec("echo out; echo err >&2; exit_() { return 3; }; exit_")
        assert result.pop("duration") >= 0
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", result.pop("timestamp"))
        command = "echo out; echo err >&2; exit_() { return 3; }; exit_"
        assert result == {
            "success": False,
            "exitCode": 3,
            "stdout": "out\n",
            "stderr": "err\n",
            "command": command,
            "sessionId": "main",
        }
        assert "sessionId" not in await api.exec("true", None)
        assert (await api.exec("no_such_program"))["exitCode"] == 127
        assert api.instance.phases == ["exec", "exec", "exec"]

    with_api(tmp_path, body)


def test_a_session_keeps_its_state_and_a_sessionless_call_has_none(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        await api.exec("cd /; export A=1; B=2")
        assert (await api.exec("echo $A $B; pwd"))["stdout"] == "1 2\n/\n"
        assert (await api.exec("echo $A $B", "other"))["stdout"] == "\n"
        assert (await api.exec("echo $A; pwd", None))["stdout"] == f"\n{api.instance.place('/workspace')}\n"
        assert (await api.exec("echo $A; pwd", None, env={"A": "x"}, cwd="/tmp"))["stdout"] == "x\n/tmp\n"
        assert (await api.exec("echo $A; pwd", env={"A": "x"}, cwd="/tmp"))["stdout"] == "x\n/tmp\n"
        assert (await api.exec("echo $A; pwd"))["stdout"] == "1\n/\n"

    with_api(tmp_path, body)


def test_commands_of_a_session_queue_and_sessionless_ones_do_not(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        file = api.instance.place("/workspace/log")
        await asyncio.gather(
            *(api.exec(f"echo b{n} >>{file}; sleep 0.05; echo e{n} >>{file}") for n in range(3))
        )
        assert file.read_text().split() == ["b0", "e0", "b1", "e1", "b2", "e2"]
        # Each waits for the other, so they only end when they run at once.
        fifo = api.instance.place("/workspace/fifo")
        await api.exec(f"mkfifo {fifo}")
        one, two = await asyncio.gather(api.exec(f"cat {fifo}", None), api.exec(f"echo met >{fifo}", None))
        assert one["stdout"] == "met\n"
        assert two["success"]

    with_api(tmp_path, body)


def test_a_timeout_in_a_session_leaves_the_command_running(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        with pytest.raises(Refused, match="Command timeout after 60ms") as caught:
            await api.exec("sleep 0.4; KEPT=yes", timeoutMs=60)
        assert (caught.value.status, caught.value.code) == (500, "COMMAND_EXECUTION_ERROR")
        with pytest.raises(Refused, match="Command timeout after 30ms"):
            await api.exec("true", timeoutMs=30)  # the shell is still busy
        assert (await api.exec("echo $KEPT"))["stdout"] == "yes\n"

    with_api(tmp_path, body)


def test_a_timeout_without_a_session_kills(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        result = await api.exec("echo begun; sleep 60 & sleep 60", None, timeoutMs=150)
        assert result["exitCode"] == 124
        assert result["stdout"] == "begun\n"
        assert result["stderr"] == "Command timed out after 150ms"
        assert not result["success"]

    with_api(tmp_path, body)


def test_a_command_that_ignores_sigterm_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "TERM_GRACE_S", 0.1)

    async def body(api: Api) -> None:
        result = await api.exec(
            "trap '' TERM; echo deaf >&2; while :; do sleep 0.01; done", None, timeoutMs=150
        )
        assert result["exitCode"] == 124
        assert result["stderr"] == "deaf\nCommand timed out after 150ms"

    with_api(tmp_path, body)


@pytest.mark.parametrize("session", ["main", None])
def test_a_command_that_prints_for_ever_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, session: str | None
) -> None:
    monkeypatch.setattr(running, "OUTPUT_BYTES_MAX", 1024 * 1024)

    async def body(api: Api) -> None:
        with pytest.raises(Refused, match="Output exceeds the 1 MiB limit of one command") as caught:
            await api.exec("yes", session)
        assert caught.value.code == "COMMAND_EXECUTION_ERROR"

    with_api(tmp_path, body)


def test_a_shell_that_exits_ends_its_session(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        await api.exec("X=1")
        with pytest.raises(Refused, match=r"Session 'main' shell exited \(exit code: 5\)") as caught:
            await api.exec("exit 5")
        assert (caught.value.status, caught.value.code) == (410, "SESSION_TERMINATED")
        assert caught.value.body["context"] == {"sessionId": "main", "exitCode": 5}
        assert caught.value.body["operation"] == "execute"
        assert (await api.exec("echo new$X"))["stdout"] == "new\n"

    with_api(tmp_path, body)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "command is required"),
        ({"command": " "}, "Command cannot be empty"),
        ({"command": 5}, "command must be a string"),
        ({"command": "x\0"}, "Command cannot contain NUL bytes"),
        ({"command": "echo \ud800"}, "command must be valid Unicode"),
        ({"command": "x", "cwd": "a\0"}, "cwd must be a path without NUL bytes"),
        ({"command": "x", "sessionId": " "}, "sessionId must not be empty or whitespace"),
        ({"command": "x", "timeoutMs": -1}, "timeoutMs must be a positive number"),
        ({"command": "x", "timeoutMs": True}, "timeoutMs must be a number"),
        ({"command": "x", "env": {"a=b": "c"}}, "Invalid environment variable name: a=b"),
        ({"command": "x", "env": []}, "env must be an object"),
    ],
)
def test_bad_input_is_refused(tmp_path: Path, body: dict[str, object], message: str) -> None:
    async def check(api: Api) -> None:
        with pytest.raises(Refused, match=re.escape(message)) as caught:
            await api.post("execute", **body)
        assert (caught.value.status, caught.value.code) == (400, "VALIDATION_FAILED")

    with_api(tmp_path, check)


def test_a_directory_that_is_missing(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        result = await api.exec("echo never", cwd="/not/here")
        assert result["exitCode"] == 1
        assert "Failed to change directory to /not/here" in result["stderr"]
        with pytest.raises(Refused, match="No such file or directory"):
            await api.exec("echo never", None, cwd="/not/here")

    with_api(tmp_path, body)


def test_paths_that_lead_nowhere(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        response = await api.send("POST", "/api/nothing", {})
        assert response.status == 404
        with pytest.raises(Refused, match="Invalid JSON"):
            await api.json("POST", "/api/execute", b"{")
        assert (await api.get("ping"))["message"] == "pong"
        assert (await api.get("version"))["version"] == "unknown"
        found = await api.get("commands")
        assert {"ls", "sh"} <= set(found["availableCommands"])
        assert found["count"] == len(found["availableCommands"])

    with_api(tmp_path, body)
