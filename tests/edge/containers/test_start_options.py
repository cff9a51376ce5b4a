"""Options of `ctx.container.start()`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from edge.containers.engine import InstanceType
from edge.containers.start_options import StartOptions, start_options
from edge.errors import UnsupportedError
from edge.js.arrays import JsArray
from edge.js.errors import JsException
from edge.js.objects import JsObject
from edge.js.proxy import jsnull
from tests.edge.containers.double import DoubleEngine
from tests.edge.containers.test_world import Ask, playing


def read(**members: Any) -> StartOptions:
    return start_options(JsObject(members))


def size(**members: Any) -> JsObject:
    return JsObject({"vcpu": 0.5, "memoryMib": 512, "diskMb": 1000, **members})


def test_what_is_not_given() -> None:
    assert start_options(None) == start_options(jsnull) == read() == StartOptions()


def test_what_is_given() -> None:
    found = read(entrypoint=JsArray(["a"]), image="registry/box:2", instance="standard-2", hardTimeout=1500.7)
    assert (found.entrypoint, found.image, found.hard_timeout_s) == (("a",), "registry/box:2", 1.5)
    assert found.instance_type == InstanceType("standard-2", 1, 6144, 12000)
    assert read(instance=size()).instance_type == InstanceType("custom", 0.5, 512, 1000)


def named(count: int, length: int = 1, value: str = "") -> JsObject:
    return JsObject({f"{number:0{length}}": value for number in range(count)})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"hardTimeout": 0}, "RangeError: Hard timeout must be greater than 0"),
        ({"hardTimeout": "soon"}, "RangeError: Hard timeout must be greater than 0"),
        ({"image": "x" * 4097}, "TypeError: Container image reference cannot exceed 4096 bytes."),
        ({"image": "a b"}, "reference must contain only non-space printable ASCII characters."),
        ({"image": "a", "containerSnapshot": JsObject({"id": "b"})}, "are mutually exclusive."),
        ({"instance": "basic"}, "TypeError: Invalid container instance type."),
        ({"instance": size(vcpu=0)}, "resource vcpu must be a finite number greater than 0."),
        ({"instance": JsObject({"vcpu": 1})}, "resource memoryMib must be a finite number greater than 0."),
        ({"instance": size(memoryMib=math.inf)}, "resource memoryMib must be a finite number"),
        ({"instance": size(diskMb=1.5)}, "RangeError: Container resource diskMb must be an integer."),
        ({"instance": size(diskMb=2.0**60)}, "diskMb exceeds Number.MAX_SAFE_INTEGER."),
        ({"labels": named(11)}, "Error: Cannot specify more than 10 container labels"),
        ({"labels": named(1, 17)}, "Label names cannot exceed 16 bytes (index 0)"),
        ({"labels": named(2, 1, "ä" * 33)}, "Label values cannot exceed 64 bytes (index 0)"),
    ],
)
def test_words_of_the_platform(options: dict[str, Any], words: str) -> None:
    with pytest.raises(JsException) as caught:
        read(**options)
    assert words in f"{caught.value.name}: {caught.value.message}"


@pytest.mark.parametrize("name", ["containerSnapshot", "directorySnapshots"])
def test_snapshots_are_not_emulated(name: str) -> None:
    with pytest.raises(UnsupportedError, match=f"{name} of ctx.container.start"):
        read(**{name: JsArray([])})


def test_image_and_size_reach_the_engine(tmp_path: Path) -> None:
    async def play(ask: Ask, engine: DoubleEngine) -> None:
        assert await ask("/BOX/a/other_start") == "box:2"
        (instance,) = engine.instances
        assert str(instance.spec.image) == "box:2"
        assert instance.spec.instance_type == InstanceType("standard-1", 1 / 2, 4096, 8000)

    playing(tmp_path, play)


def test_the_hard_timeout_kills_whatever_it_does(tmp_path: Path) -> None:
    async def play(ask: Ask, engine: DoubleEngine) -> None:
        started_s = engine.world.clock.now()
        await ask("/BOX/a/short_start")
        assert await ask("/BOX/a/monitor") == "Error: runtime signalled the container to exit: 137"
        assert engine.world.clock.now() - started_s == pytest.approx(60, abs=1)
        assert engine.instances[0].signals == [9]
        await ask("/BOX/a/short_start")
        engine.instances[1].end(0)
        assert await ask("/BOX/a/monitor") == "ended well"
        assert await ask("/BOX/a/start") == "True"  # the timeout of the one before is not its
        await engine.world.clock.sleep(100)
        assert await ask("/BOX/a/running") == "True"

    playing(tmp_path, play)
