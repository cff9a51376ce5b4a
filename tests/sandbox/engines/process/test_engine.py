"""The engine as a whole: styles, images, the pool."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from pathlib import Path

import pytest

from edge.containers.engine import EngineUnavailable, Exit, Image, StartFailed
from edge.kernel.clock import VirtualClock
from edge.kernel.random import RandomStreams
from sandbox.engines.context import EngineContext
from sandbox.engines.process.engine import ProcessEngine
from tests import loops
from tests.sandbox.engines.contract.houses import House
from tests.sandbox.engines.contract.programs import run, shell


def opened_house(tmp_path: Path, **options: object) -> House:
    house = House("process", partial(ProcessEngine, **options))  # type: ignore[arg-type]
    house.open(tmp_path)
    assert house.unavailable is None
    return house


def folders(tmp_path: Path) -> list[str]:
    """The sandboxes that exist, those of the pool, too."""
    return sorted(path.name for path in tmp_path.glob("sandboxes/*/[0-9]*"))


def test_what_keeps_sandboxes_apart_is_said(tmp_path: Path) -> None:
    for style, words in [("copy", "Linux namespaces"), ("plain", "None: sandboxes are ordinary processes")]:
        house = opened_house(tmp_path / style, styles=(style,))
        assert house.engine.isolation().startswith(words)
        house.close()


def test_what_does_not_work_is_passed_over(tmp_path: Path) -> None:
    house = opened_house(tmp_path, styles=("nonsense", "copy"))
    assert house.engine.isolation().startswith("Linux namespaces")
    house.close()


def test_nothing_works(tmp_path: Path) -> None:
    house = House("process", partial(ProcessEngine, styles=("nonsense",)))
    house.open(tmp_path)
    assert house.unavailable is not None
    assert house.unavailable.startswith("No sandbox starts here. There is no style 'nonsense'")
    house.close()


def test_without_namespaces_programs_run_in_a_directory_of_their_own(tmp_path: Path) -> None:
    house = opened_house(tmp_path, styles=("plain",))
    instance = house.start(labels={"sandbox-server": "1"})
    house.run(instance.files.write("/workspace/f", b"x"))
    assert house.run(run(instance, "cat", "f", cwd="/workspace")).stdout == b"x"
    house.run(shell(instance, "echo y > g", cwd="/workspace"))
    assert house.run(instance.files.stat("/workspace/g")).size == 2
    house.close()


def test_the_command_of_an_image(tmp_path: Path) -> None:
    (tmp_path / "hello").write_text("#!/bin/sh\n[ $X = 1 ] && [ $PWD = /srv ] && exit 6\n")
    (tmp_path / "Dockerfile").write_text(
        'FROM a\nENV X=1\nWORKDIR /srv\nCOPY --chmod=755 hello /usr/local/bin/\nCMD ["hello"]\n'
    )
    for style in ("overlay", "copy"):
        house = opened_house(tmp_path / style, styles=(style,))
        instance = house.start(image=Image(dockerfile=tmp_path / "Dockerfile", build_context=tmp_path))
        assert house.run(instance.wait()) == Exit(6, "exit")
        house.close()


def test_the_command_of_an_image_runs_beside_the_sandboxs_server(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text('FROM a\nCMD ["sh", "-c", "touch /tmp/ran"]\n')
    house = opened_house(tmp_path / "state")
    image = Image(dockerfile=tmp_path / "Dockerfile")
    instance = house.start(image=image, labels={"sandbox-server": "1"})
    house.run(shell(instance, "until [ -e /tmp/ran ]; do sleep 0.01; done"))
    assert house.run(shell(instance, "echo fine")).stdout == b"fine\n"
    house.close()


def test_what_an_entrypoint_prints_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "edge.containers")
    house = opened_house(tmp_path)
    instance = house.start(entrypoint=("sh", "-c", "echo out; printf err >&2"))
    house.run(instance.wait())

    async def until_logged() -> None:
        while len(caplog.messages) < 2:
            await asyncio.sleep(0)

    house.run(until_logged())
    assert sorted(caplog.messages) == ["contract-1: err", "contract-1: out"]
    house.close()


def test_an_image_that_does_not_build(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM a\nCOPY missing /\n")
    house = opened_house(tmp_path / "state")
    image = Image(dockerfile=tmp_path / "Dockerfile")
    with pytest.raises(StartFailed, match="Dockerfile:2: missing: not found"):
        house.run(house.engine.prepare(image))
    with pytest.raises(StartFailed, match="Dockerfile:2: missing: not found"):
        house.start(image=image)
    house.close()


def test_a_closed_engine(tmp_path: Path) -> None:
    house = opened_house(tmp_path)
    house.run(house.engine.close())
    with pytest.raises(EngineUnavailable):
        house.start()
    house.close()


# -- the pool


def test_prepare_starts_sandboxes_ahead_and_each_is_used_once(tmp_path: Path) -> None:
    house = opened_house(tmp_path, pool_size=2)
    house.run(house.engine.prepare(house.image))
    ahead = folders(tmp_path)
    assert len(ahead) == 2
    first, second = house.start(), house.start()
    names = [instance.name for instance in (first, second)]  # type: ignore[attr-defined]
    assert sorted(names) == ahead
    house.run(house.engine.prepare(house.image))  # waits until the pool is full again
    assert len(folders(tmp_path)) == 4
    house.close()
    assert folders(tmp_path) == []


def test_a_new_build_empties_the_pool_of_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("old")
    (tmp_path / "Dockerfile").write_text("FROM a\nCOPY f /f\n")
    image = Image(dockerfile=tmp_path / "Dockerfile", build_context=tmp_path)
    house = opened_house(tmp_path / "state", pool_size=1)
    house.run(house.engine.prepare(image))
    (tmp_path / "f").write_text("a new one")
    house.run(house.engine.prepare(image))
    assert len(folders(tmp_path / "state")) == 1
    assert house.run(shell(house.start(image=image), "cat /f")).stdout == b"a new one"
    house.close()


def test_one_that_died_in_the_pool_is_not_handed_out(tmp_path: Path) -> None:
    house = opened_house(tmp_path, pool_size=1)
    house.run(house.engine.prepare(house.image))
    (waiting,) = house.engine._instances.values()  # type: ignore[attr-defined]
    house.run(waiting.destroy())
    assert house.run(shell(house.start(), "echo fine")).stdout == b"fine\n"
    house.close()


def test_limits_hold_for_one_from_the_pool(tmp_path: Path) -> None:
    house = opened_house(tmp_path, pool_size=1)
    house.run(house.engine.prepare(house.image))
    assert house.run(shell(house.start(), "ulimit -c; ulimit -f")).stdout.split()[0] == b"0"
    house.close()


def test_no_pool_in_virtual_time(tmp_path: Path) -> None:
    """It would hold time for as long as it waits."""
    clock = VirtualClock()

    async def scene() -> None:
        engine = ProcessEngine(EngineContext(clock, RandomStreams(1), None, tmp_path), pool_size=2)
        await engine.open()
        await engine.prepare(Image(reference="x"))
        assert folders(tmp_path) == []
        await asyncio.sleep(3600)
        await engine.close()

    loops.run_virtual(scene(), clock)
    assert clock.elapsed_s == 3600
