"""Commands (spec section 5.1)."""

from __future__ import annotations

import re

import pytest

from tests.sandbox.sdk.house import SdkHouse

TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def test_exec(sdk: SdkHouse) -> None:
    async def body() -> None:
        result = await sdk.box().exec("echo out; echo err >&2; exit_code() { return 3; }; exit_code")
        assert set(result) == {
            *("success", "exitCode", "stdout", "stderr", "command", "duration", "timestamp", "sessionId"),
        }
        assert (result.stdout, result["stdout"], result.stderr) == ("out\n", "out\n", "err\n")
        assert (result.exit_code, result.exitCode, result["exit_code"], result["exitCode"]) == (3, 3, 3, 3)
        assert result.success is False
        assert result.session_id == "sandbox-box"
        assert TIMESTAMP.fullmatch(result.timestamp)
        assert result.duration >= 0

    sdk.run(body)


def test_a_session_remembers_and_camel_case_works(sdk: SdkHouse) -> None:
    async def body() -> None:
        box = sdk.box()
        await box.exec("cd /tmp && export A=1")
        assert (await box.exec("echo $A $PWD")).stdout == "1 /tmp\n"
        result = await box.exec("echo $B $PWD", {"env": {"B": "two"}, "cwd": "/"})
        assert result.stdout == "two /\n"
        assert (await box.exec("echo [$B] $PWD")).stdout == "[] /tmp\n"

    sdk.run(body)


def test_without_a_default_session_each_call_is_alone(sdk: SdkHouse) -> None:
    async def body() -> None:
        box = sdk.box(enable_default_session=False)
        await box.setEnvVars({"KEPT": "k"})
        await box.exec("cd /tmp; export A=1")
        result = await box.exec("echo [$A] $KEPT $PWD")
        assert result.stdout == "[] k /workspace\n"
        assert result.session_id is None
        late = await box.exec("sleep 30", timeout=50)
        assert late.exit_code == 124
        assert "Command timed out after 50ms" in late.stderr

    sdk.run(body)


def test_a_timeout_raises_and_the_command_goes_on(sdk: SdkHouse) -> None:
    async def body() -> None:
        box = sdk.box()
        with pytest.raises(sdk.sandbox.errors.CommandError, match="Command timeout after 50ms") as raised:
            await box.exec("sleep 0.3; echo done > /tmp/late", timeout=50)
        assert raised.value.code == "COMMAND_EXECUTION_ERROR"
        assert raised.value.http_status == 500
        assert (await box.exec("cat /tmp/late; rm /tmp/late")).stdout == "done\n"

    sdk.run(body)


def test_output_as_it_comes(sdk: SdkHouse) -> None:
    async def body() -> None:
        heard: list[tuple[str, str]] = []
        ended: list[int] = []
        result = await sdk.box().exec(
            "echo a; echo b >&2; exit 2",
            stream=True,
            onOutput=lambda stream, data: heard.append((stream, data)),
            on_complete=lambda result: ended.append(result.exit_code),
        )
        assert sorted(heard) == [("stderr", "b\n"), ("stdout", "a\n")]
        assert (result.stdout, result.stderr, result.exit_code, result.session_id) == (
            *("a\n", "b\n", 2),
            "sandbox-box",
        )
        assert ended == [2]

    sdk.run(body)


def test_exec_stream(sdk: SdkHouse) -> None:
    async def body() -> None:
        stream = await sdk.box().exec_stream("echo one; exit 5")
        events = [event async for event in sdk.sandbox.parse_sse_stream(stream)]
        assert [event.type for event in events] == ["start", "stdout", "complete"]
        assert events[0].command == "echo one; exit 5"
        assert events[1].data == "one\n"
        assert (events[2].exit_code, events[2]["exitCode"]) == (5, 5)
        assert all(TIMESTAMP.fullmatch(event.timestamp) for event in events)

    sdk.run(body)


def test_leaving_a_stream_early_is_no_harm(sdk: SdkHouse) -> None:
    async def body() -> None:
        box = sdk.box()
        stream = await box.exec_stream("echo first; sleep 0.2; echo rest")
        async for event in sdk.sandbox.parse_sse_stream(stream):
            if event.type == "stdout":
                break
        assert (await box.exec("echo on")).stdout == "on\n"

    sdk.run(body)


def test_the_shell_of_a_session_may_end(sdk: SdkHouse) -> None:
    async def body() -> None:
        box = sdk.box()
        with pytest.raises(sdk.sandbox.errors.SessionTerminatedError) as raised:
            await box.exec("exit 7")
        assert str(raised.value) == "Session 'sandbox-box' shell exited (exit code: 7)"
        assert raised.value.context["exitCode"] == 7
        assert raised.value.http_status == 410
        assert (await box.exec("echo again")).stdout == "again\n"

    sdk.run(body)


def test_options_that_there_are_not_are_refused(sdk: SdkHouse) -> None:
    async def body() -> None:
        with pytest.raises(TypeError, match="there is no option 'timeoutt'"):
            await sdk.box().exec("true", timeoutt=1)

    sdk.run(body)
