"""Faults of containers, as the object that owns one sees them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edge.containers.engine import ContainerGone
from tests.edge.containers.double import DoubleEngine
from tests.edge.containers.test_world import Ask, playing

LOST = "Error: Network connection lost."
CRASHED = "Error: container exited with unexpected exit code: 139"


async def running(ask: Ask, name: str) -> None:
    """Start a container and watch its end; a fault that hits at once has hit then."""
    await ask(f"/BOX/{name}/start")
    await ask(f"/BOX/{name}/watch")


def test_a_container_crashes_when_the_fault_is_added(tmp_path: Path) -> None:
    async def play(ask: Ask, engine: DoubleEngine) -> None:
        await running(ask, "a")
        await running(ask, "b")
        engine.world.faults.add("container_crash", of_class="Box", object="a", times=1)
        assert await ask("/BOX/a/watched") == CRASHED
        assert await ask("/BOX/a/running") == "False"
        assert await ask("/BOX/b/running") == "True"
        assert engine.instances[0].destroyed, "nothing of it stays"
        assert engine.world.faults.counts == {"container_crash": 1}
        assert engine.world.faults.log[-1].what == "Box a"
        await ask("/BOX/a/start")
        await engine.world.advance("1h")
        assert await ask("/BOX/a/running") == "True"

    playing(tmp_path, play, faults=())


def test_a_crash_cuts_off_a_request_under_way(tmp_path: Path) -> None:
    async def play(ask: Ask, engine: DoubleEngine) -> None:
        async def answer(request: Any) -> Any:
            engine.world.faults.add("container_crash", times=1)
            await engine.instances[0].wait()
            raise ContainerGone("crashed")

        await running(ask, "a")
        engine.services[8080] = answer
        assert "Error: Network connection lost." in await ask("/BOX/a/get")

    playing(tmp_path, play, faults=())


def test_a_crash_after_a_while_with_a_code(tmp_path: Path) -> None:
    script = [{"kind": "container_crash", "after": "10s", "code": 3, "times": 2}]

    async def play(ask: Ask, engine: DoubleEngine) -> None:
        world = engine.world
        for _ in range(2):
            await running(ask, "a")
            await world.advance("9.9s")
            assert await ask("/BOX/a/running") == "True"
            await world.advance("0.1s")
            assert await ask("/BOX/a/watched") == "Error: container exited with unexpected exit code: 3"
        await running(ask, "a")
        await world.advance("1h")
        assert await ask("/BOX/a/running") == "True"

    playing(tmp_path, play, faults=script)


def test_a_crash_that_was_stopped_or_came_too_late_is_none(tmp_path: Path) -> None:
    async def play(ask: Ask, engine: DoubleEngine) -> None:
        faults = engine.world.faults
        await running(ask, "a")
        faults.add("container_crash", after="10s").stop()
        faults.add("container_crash", after="10s", times=1)
        engine.instances[0].end(0)
        assert await ask("/BOX/a/watched") == "ended well"
        await running(ask, "a")
        await engine.world.advance("1h")
        assert await ask("/BOX/a/running") == "True"
        assert not faults.counts

    playing(tmp_path, play, faults=())


def test_a_crash_comes_again(tmp_path: Path) -> None:
    script = [{"kind": "container_crash", "at": "10m", "for": "1s", "every": "1h"}]

    async def play(ask: Ask, engine: DoubleEngine) -> None:
        ran_s = []
        world = engine.world
        for _ in range(3):
            await running(ask, "a")
            began_s = world.now
            assert await ask("/BOX/a/watched") == CRASHED
            ran_s.append(round(world.now - began_s))
            await world.advance("2s")  # out of its reach
        assert ran_s == [600, 3598, 3598]

    playing(tmp_path, play, faults=script)


def test_what_starts_while_a_crash_is_in_force_is_struck_once(tmp_path: Path) -> None:
    script = [{"kind": "container_crash", "at": "10s", "for": "10s", "probability": 0.5}]

    async def play(ask: Ask, engine: DoubleEngine) -> None:
        await engine.world.advance("10s")
        for number in range(100):
            await running(ask, f"box-{number}")
        await engine.world.advance("5m")
        survived.append(sum([await ask(f"/BOX/box-{number}/running") == "True" for number in range(100)]))

    survived: list[int] = []
    playing(tmp_path, play, faults=script, max_instances=100)
    assert 30 < survived[0] < 70
    playing(tmp_path, play, faults=script, max_instances=100)
    assert survived[1] == survived[0], "the same seed"


def test_a_start_that_fails_twice(tmp_path: Path) -> None:
    script = [{"kind": "container_start_fails", "class": "Box", "times": 2, "text": "no room at the inn"}]

    async def play(ask: Ask, engine: DoubleEngine) -> None:
        for _ in range(2):
            await running(ask, "a")
            assert await ask("/BOX/a/watched") == "Error: no room at the inn"
            assert await ask("/BOX/a/running") == "False"
        await ask("/BOX/a/start")
        assert await ask("/BOX/a/running") == "True"
        await ask("/BOX/a/destroy")
        assert len(engine.instances) == 1

    playing(tmp_path, play, faults=script)


def test_a_start_that_fails_says_so_by_itself(tmp_path: Path) -> None:
    async def play(ask: Ask, engine: DoubleEngine) -> None:
        await running(ask, "a")
        assert await ask("/BOX/a/watched") == (
            "Error: The container did not start: it fails by script (container_start_fails)."
        )

    playing(tmp_path, play, faults=[{"kind": "container_start_fails"}])


def test_a_slow_start(tmp_path: Path) -> None:
    async def answer(request: Any) -> Any:
        from edge.http.response import Response

        return Response.make(b"up")

    async def play(ask: Ask, engine: DoubleEngine) -> None:
        engine.services[8080] = answer
        began_s = engine.world.now
        await ask("/BOX/a/start")
        assert await ask("/BOX/a/get") == "200 up"
        assert engine.world.now - began_s == pytest.approx(3)

    playing(tmp_path, play, faults=[{"kind": "container_start_slow", "extra": "3s", "object": "a"}])


def test_a_destroyed_slow_start_does_not_stay(tmp_path: Path) -> None:
    async def play(ask: Ask, engine: DoubleEngine) -> None:
        await ask("/BOX/a/start")
        assert await ask("/BOX/a/destroy") == "destroyed"
        assert await ask("/BOX/a/running") == "False"
        assert all(instance.destroyed for instance in engine.instances)

    playing(tmp_path, play, faults=[{"kind": "container_start_slow", "extra": "3s"}])


def test_a_container_that_ignores_signals_but_not_kill(tmp_path: Path) -> None:
    async def play(ask: Ask, engine: DoubleEngine) -> None:
        await running(ask, "a")
        await ask("/BOX/a/stop")
        await engine.world.advance("1m")
        assert await ask("/BOX/a/running") == "True"
        assert engine.instances[0].signals == []
        await ask("/BOX/a/kill")
        assert await ask("/BOX/a/watched") == "Error: runtime signalled the container to exit: 137"

    playing(tmp_path, play, faults=[{"kind": "container_ignores_signals"}])


def test_an_engine_that_is_down(tmp_path: Path) -> None:
    script = [{"kind": "engine_down", "at": "10s", "for": "1m"}]

    async def play(ask: Ask, engine: DoubleEngine) -> None:
        await running(ask, "a")
        assert await ask("/BOX/a/watched") == LOST
        assert "not running" in await ask("/BOX/a/get")
        await running(ask, "a")
        assert await ask("/BOX/a/watched") == (
            "Error: The container engine cannot be reached: it is down by script (engine_down)."
        )
        await engine.world.advance("1m")
        await ask("/BOX/a/start")
        assert await ask("/BOX/a/running") == "True"
        assert engine.world.faults.counts == {"engine_down": 2}

    playing(tmp_path, play, faults=script)


def test_a_container_whose_engine_forgot_it_is_lost(tmp_path: Path) -> None:
    async def play(ask: Ask, engine: DoubleEngine) -> None:
        for name in "ab":
            await running(ask, name)
            engine.instances[-1].vanish()
            assert await ask(f"/BOX/{name}/watched") == LOST
            assert await ask(f"/BOX/{name}/running") == "False"

    for faults in (None, ()):
        playing(tmp_path, play, faults=faults)


def test_a_world_that_ends_takes_its_faults_along(tmp_path: Path) -> None:
    async def play(ask: Ask, engine: DoubleEngine) -> None:
        await running(ask, "a")

    engine = playing(tmp_path, play, faults=[{"kind": "engine_down", "at": "1h"}])
    assert engine.closed
    assert engine.world.faults.on_added == []
    assert not engine.world.faults.counts
