"""The server of a sandbox does the same over every engine."""

from __future__ import annotations

import asyncio
import base64

import pytest

from edge.containers.engine import ContainerGone, Instance
from edge.js.errors import JsException
from sandbox.server.server import SandboxServer
from tests.sandbox.engines.contract.houses import House
from tests.sandbox.server.api import Api, Refused
from tests.sandbox.server.socket_client import Client


def open_api(house: House, instance: Instance) -> Api:
    return Api(SandboxServer(instance, house.context.clock, house.context.random), instance)


def test_a_session_runs_commands(house: House, instance: Instance) -> None:
    async def calls() -> None:
        api = open_api(house, instance)
        assert (await api.exec("pwd"))["stdout"] == "/workspace\n"
        await api.exec("mkdir -p a; cd a; export KEPT=yes")
        result = await api.exec("echo $KEPT; pwd; echo no >&2; false")
        assert (result["stdout"], result["stderr"], result["exitCode"]) == ("yes\n/workspace/a\n", "no\n", 1)
        assert (await api.exec("echo $KEPT; pwd", "other"))["stdout"] == "\n/workspace\n"
        assert (await api.exec("echo $KEPT$NEW; pwd", None, env={"NEW": "n"}))["stdout"] == "n\n/workspace\n"
        assert (await api.exec("no_such_program"))["exitCode"] == 127
        one, two = await asyncio.gather(api.exec("sleep 0.1; echo one >>log"), api.exec("cat log"))
        assert one["success"]
        assert two["stdout"] == "one\n"
        with pytest.raises(Refused, match="exit code: 3") as caught:
            await api.exec("exit 3")
        assert caught.value.code == "SESSION_TERMINATED"
        assert (await api.exec("pwd"))["stdout"] == "/workspace\n"

    house.run(calls())


def test_time_limits(house: House, instance: Instance) -> None:
    async def calls() -> None:
        api = open_api(house, instance)
        with pytest.raises(Refused, match="Command timeout after 200ms"):
            await api.exec("sleep 1; KEPT=yes", timeoutMs=200)
        assert (await api.exec("echo $KEPT"))["stdout"] == "yes\n"
        result = await api.exec("echo begun; sleep 30", None, timeoutMs=300)
        assert (result["exitCode"], result["stdout"]) == (124, "begun\n")

    house.run(calls())


def test_background_processes(house: House, instance: Instance) -> None:
    async def calls() -> None:
        api = open_api(house, instance)
        await api.exec("cd /tmp; export A=1")
        await api.post("process/start", command="echo $A; pwd; sleep 60", processId="p", sessionId="main")
        seen = ""
        async for event in api.events("GET", "process/p/stream"):
            seen += event["data"]
            if seen == "1\n/tmp\n":
                break
        await api.delete("process/p")
        assert (await api.get("process/p"))["process"]["status"] == "killed"
        events = [
            event["type"] async for event in api.events("POST", "execute/stream", command="echo x; exit 2")
        ]
        assert events == ["start", "stdout", "complete"]

    house.run(calls())


def test_files(house: House, instance: Instance) -> None:
    data = bytes(range(256)) * 100

    async def calls() -> None:
        api = open_api(house, instance)
        content = base64.b64encode(data).decode()
        await api.post("mkdir", path="/workspace/d/e", recursive=True)
        await api.post("write", path="/workspace/d/b", content=content, encoding="base64")
        await api.post("write", path="d/it's.txt", content="é\n", sessionId="main")
        assert (await api.post("read", path="/workspace/d/b"))["content"] == content
        assert (await api.exec('cat "d/it\'s.txt"'))["stdout"] == "é\n"
        listed = await api.post("list-files", path="/workspace/d")
        assert [(entry["name"], entry["type"]) for entry in listed["files"]] == [
            ("b", "file"),
            ("e", "directory"),
            ("it's.txt", "file"),
        ]
        await api.post("rename", oldPath="/workspace/d/b", newPath="/workspace/d/e/c")
        assert (await api.post("exists", path="/workspace/d/e/c"))["exists"]
        await api.post("delete", path="/workspace/d/e/c")
        for path, code in (("/workspace/d/e/c", "FILE_NOT_FOUND"), ("/workspace/d", "IS_DIRECTORY")):
            with pytest.raises(Refused) as caught:
                await api.post("delete", path=path)
            assert caught.value.code == code

    house.run(calls())


def test_changes_of_files(house: House, instance: Instance) -> None:
    async def calls() -> None:
        api = open_api(house, instance)
        events = api.events("POST", "watch", path="/workspace")
        assert (await anext(events))["type"] == "watching"
        await api.exec("echo x > new")
        event = await anext(events)
        assert (event["eventType"], event["path"]) == ("create", "/workspace/new")

    house.run(calls())


@pytest.mark.capability("terminals")
def test_a_terminal(house: House, instance: Instance) -> None:
    async def calls() -> None:
        api = open_api(house, instance)
        await api.exec("cd /tmp")
        client = await Client.connect(api, "/ws/pty?sessionId=main&shell=sh")
        assert await client.control() == {"type": "ready"}
        client.send(b"pwd\n")
        await client.bytes_until(b"/tmp")
        client.close()

    house.run(calls())


def test_a_container_that_ends_midway(house: House, instance: Instance) -> None:
    async def calls() -> None:
        api = open_api(house, instance)
        await api.post("process/start", command="echo up; sleep 60", processId="p")
        events = api.events("GET", "process/p/stream")
        assert (await anext(events))["data"] == "up\n"
        calls = [
            asyncio.create_task(api.exec("sleep 60")),
            asyncio.create_task(api.exec("echo queued")),
            asyncio.create_task(api.exec("sleep 60", None)),
        ]
        await house.context.clock.sleep(0.1)
        await instance.destroy()
        for error in await asyncio.gather(*calls, return_exceptions=True):
            assert isinstance(error, ContainerGone)
        with pytest.raises(JsException, match="Network connection lost"):
            await anext(events)
        with pytest.raises(ContainerGone):
            await api.exec("true")

    house.run(calls())
