"""Starting, ending, failing (spec sections 5.5 and 7)."""

from __future__ import annotations

import asyncio

import pytest

from edge.containers.engine import StartFailed
from tests.sandbox.sdk.house import SdkHouse


def test_a_container_that_ended_takes_everything_along(sdk: SdkHouse) -> None:
    async def body() -> None:
        box = sdk.box()
        await box.exec("cd /tmp; export A=1; echo x > /workspace/file")
        await box.start_process("sleep 30")
        await sdk.kill()
        assert (await box.exec("echo [$A] $PWD")).stdout == "[] /workspace\n"
        assert await box.list_processes() == []
        assert not (await box.exists("/workspace/file")).exists

    sdk.run(body)


def test_destroy_is_shared(sdk: SdkHouse) -> None:
    async def body() -> None:
        box = sdk.box()
        await box.expose_port(8080, hostname="example.com")
        await asyncio.gather(*(box.destroy() for _ in range(3)))
        assert sdk.world.fleet is not None
        assert sdk.world.fleet.running() == []
        assert "portTokens" not in await sdk.storage()
        assert (await box.exec("echo back")).stdout == "back\n"
        assert len(sdk.engine.specs) == 2

    sdk.run(body)


def test_destroying_what_never_started(sdk: SdkHouse) -> None:
    async def body() -> None:
        await sdk.box().destroy()
        assert sdk.engine.specs == []

    sdk.run(body)


def test_calls_at_the_same_time_share_the_start(sdk: SdkHouse) -> None:
    async def body() -> None:
        results = await asyncio.gather(*(sdk.box().exec(f"echo {n}") for n in range(5)))
        assert [result.stdout for result in results] == [f"{n}\n" for n in range(5)]
        assert len(sdk.engine.specs) == 1

    sdk.run(body)


def test_a_command_whose_container_dies(sdk: SdkHouse) -> None:
    async def body() -> None:
        box = sdk.box()
        begun = asyncio.Event()
        running = asyncio.ensure_future(
            box.exec("echo begun; sleep 30", stream=True, on_output=lambda *_: begun.set())
        )
        await begun.wait()
        waiting = asyncio.ensure_future(box.exec("touch /tmp/waits; sleep 30"))
        while not (await box.exists("/tmp/waits")).exists:
            await asyncio.sleep(0.01)
        await sdk.kill()
        with pytest.raises(Exception, match="Network connection lost"):
            await running
        with pytest.raises(sdk.sandbox.SandboxError, match="HTTP error! status: 500"):
            await waiting

    sdk.run(body)


@pytest.mark.parametrize(
    ("why", "code", "message"),
    [
        (
            "image not found",
            "INTERNAL_ERROR",
            "Container failed to start due to a permanent error. Check your container configuration.",
        ),
    ],
)
def test_a_container_that_does_not_start(sdk: SdkHouse, why: str, code: str, message: str) -> None:
    sdk.engine.refuses = StartFailed(why)

    async def body() -> None:
        with pytest.raises(sdk.sandbox.SandboxError) as failed:
            await sdk.box().exec("true")
        assert (failed.value.code, str(failed.value)) == (code, message)
        assert failed.value.context == {"phase": "startup", "error": why}

    sdk.run(body)


def test_an_object_that_left_memory_finds_its_container(sdk: SdkHouse) -> None:
    async def body() -> None:
        box = sdk.box()
        await box.exec("cd /tmp; export A=1")
        exposed = await box.expose_port(8080, hostname="example.com")
        host = sdk.world.durable_hosts["worker", "Sandbox"]
        await host.reload(sdk.world._services["worker"].isolate)  # as changed code does
        assert (await box.exec("echo $A $PWD")).stdout == "1 /tmp\n"
        assert len(sdk.engine.specs) == 1
        assert [port.url for port in await box.get_exposed_ports("example.com")] == [exposed.url]

    sdk.run(body)


def test_tunnels_are_said_not_to_be_there(sdk: SdkHouse) -> None:
    async def body() -> None:
        with pytest.raises(sdk.sandbox.SandboxError, match="Tunnels are not emulated"):
            await sdk.box().tunnels.create(8080)

    sdk.run(body)
