"""Sessions and variables (spec section 5.5)."""

from __future__ import annotations

import asyncio

import pytest

from tests.sandbox.sdk.house import SdkHouse


def test_sessions_have_their_own_directory_and_variables(sdk: SdkHouse) -> None:
    async def body() -> None:
        box = sdk.box()
        await box.exec("cd /tmp")
        one = await box.create_session(id="one", cwd="/", env={"A": "1"})
        two = await box.createSession({"id": "two"})
        assert (one.id, two.id) == ("one", "two")
        assert (await one.exec("echo $A $PWD")).stdout == "1 /\n"
        result = await two.exec("echo [$A] $PWD")
        assert (result.stdout, result.session_id) == ("[] /workspace\n", "two")
        await one.write_file("/workspace/from-one", "x")
        process = await one.start_process("echo $A; pwd")
        assert (await process.wait_for_exit()).exit_code == 0
        assert (process.session_id, (await process.get_logs()).stdout) == ("one", "1\n/\n")
        await two.exec("cd /workspace; mkdir -p sub; cd sub")
        await two.write_file("here", "y")
        assert (await box.exists("/workspace/sub/here")).exists
        again = await box.get_session("two")
        assert (await again.exec("pwd")).stdout == "/workspace/sub\n"
        fresh = await box.get_session("unheard-of")
        assert (await fresh.exec("pwd")).stdout == "/workspace\n"

    sdk.run(body)


def test_session_errors(sdk: SdkHouse) -> None:
    async def body() -> None:
        box, errors = sdk.box(), sdk.sandbox.errors
        await box.create_session(id="taken")
        with pytest.raises(errors.SessionAlreadyExistsError, match="Session 'taken' already exists"):
            await box.create_session(id="taken")
        gone = await box.delete_session("taken")
        assert (gone.success, gone.session_id) == (True, "taken")
        await box.exec("true")
        with pytest.raises(errors.SandboxError, match="Cannot delete default session 'sandbox-box'"):
            await box.delete_session("sandbox-box")
        with pytest.raises(errors.SandboxError, match="sessionId must not be empty or whitespace"):
            await box.read_file("/x", session_id=" ")

    sdk.run(body)


def test_variables(sdk: SdkHouse) -> None:
    async def body() -> None:
        box = sdk.box()
        await box.exec("true")  # what is set before the start is the container's own, and stays
        await box.set_env_vars({"EARLY": "it's"})
        assert (await box.exec("echo $EARLY")).stdout == "it's\n"
        await box.set_env_vars({"LATE": "a b", "EARLY": None})
        assert (await box.exec('echo "[$EARLY] $LATE"')).stdout == "[] a b\n"
        session = await box.create_session()
        assert (await session.exec('echo "[$EARLY] $LATE"')).stdout == "[] a b\n"
        await session.setEnvVars({"LATE": None, "OWN": "1"})
        assert (await session.exec("echo [$LATE] $OWN")).stdout == "[] 1\n"
        assert (await box.exec("echo [$OWN]")).stdout == "[]\n"
        with pytest.raises(sdk.sandbox.SandboxError, match="Failed to set a b"):
            await box.set_env_vars({"a b": "1"})

    sdk.run(body)


def test_commands_of_one_session_queue_though_they_are_gathered(sdk: SdkHouse) -> None:
    """What the design behind Cortex got wrong at first: parallel commands in one session take their sum."""

    async def body() -> None:
        box = sdk.box()
        await box.exec("true")
        commands = [f"echo {n} in >> /tmp/log; sleep 0.1; echo {n} out >> /tmp/log" for n in range(4)]
        started_s = sdk.world.clock.monotonic()
        await asyncio.gather(*(box.exec(command) for command in commands))
        took_s = sdk.world.clock.monotonic() - started_s
        log = (await box.exec("cat /tmp/log; rm /tmp/log")).stdout.splitlines()
        assert log == [f"{n} {way}" for n in range(4) for way in ("in", "out")]
        assert took_s >= 0.4

    sdk.run(body)


def test_sessions_do_not_wait_for_each_other(sdk: SdkHouse) -> None:
    async def body() -> None:
        box = sdk.box()
        one, two = await box.create_session(), await box.create_session(id="two")
        waiting = asyncio.ensure_future(one.exec("while [ ! -e /tmp/met ]; do sleep 0.02; done; rm /tmp/met"))
        assert (await two.exec("touch /tmp/met")).success
        assert (await waiting).success

    sdk.run(body)
