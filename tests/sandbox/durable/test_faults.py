"""Scripted faults of containers, as code that uses the SDK sees them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.network.faults.faults import Faults
from tests.sandbox.sdk.house import ENGINES, SdkHouse


@pytest.fixture
def sdk(tmp_path: Path) -> Iterator[SdkHouse]:
    house = SdkHouse(ENGINES["fake"], tmp_path, faults=())
    yield house
    house.close()


NO_INSTANCE = "there is no container instance that can be provided to this durable object"


def its(sdk: SdkHouse) -> Faults:
    faults = sdk.world.faults
    assert faults is not None
    return faults


def test_a_crash_ends_the_command_under_way_and_takes_the_files(sdk: SdkHouse) -> None:
    async def body() -> None:
        box, errors = sdk.box(), sdk.sandbox.errors
        await box.write_file("/workspace/x", "y")
        began_s = sdk.world.now
        running = asyncio.ensure_future(box.exec("sleep 60"))
        its(sdk).add("container_crash", of_class="Sandbox", object="box", at="10s", times=1)
        with pytest.raises(errors.SandboxError):
            await running
        assert sdk.world.now - began_s == pytest.approx(10), "at the crash, not at the end of the command"
        assert (await box.exec("ls /workspace")).stdout.strip() == "", "a fresh container"

    sdk.run(body)


@pytest.mark.parametrize("options", [{}, {"text": NO_INSTANCE}])
def test_starts_that_fail_are_tried_again(sdk: SdkHouse, options: dict[str, str]) -> None:
    async def body() -> None:
        its(sdk).add("container_start_fails", times=2, **options)
        assert (await sdk.box().exec("echo up")).stdout == "up\n"
        assert its(sdk).counts == {"container_start_fails": 2}
        assert len(sdk.engine.instances) == 1

    sdk.run(body)


def test_an_engine_that_is_down_is_waited_for(sdk: SdkHouse) -> None:
    async def body() -> None:
        box = sdk.box()
        await box.exec("true")
        began_s = sdk.world.now
        its(sdk).add("engine_down", lasts="30s")
        assert (await box.exec("echo up")).stdout == "up\n"
        assert 30 <= sdk.world.now - began_s < 120
        assert len(sdk.engine.instances) == 2

    sdk.run(body)
