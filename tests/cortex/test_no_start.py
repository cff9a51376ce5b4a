"""A sandbox that does not start is told to who sent a message, with its cause and without waiting twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge.config import WorldConfig
from tests.cortex.worlds import ALL, BEFORE, CONFIG, FIVE, Cortex, playing


@pytest.mark.parametrize("switches", [BEFORE, FIVE, ALL])
@pytest.mark.parametrize(
    ("text", "limit_s"), [("no capacity", 140), ("the image cannot start: no such image", 2)]
)
@pytest.mark.parametrize("is_new", [True, False])
def test_a_sandbox_that_does_not_start_is_told_with_its_cause(
    switches: str, text: str, limit_s: float, is_new: bool
) -> None:
    """After the patience of the Sandbox SDK, once; without any when it cannot ever start."""

    async def play(world: Cortex) -> None:
        ada = await world.person()
        session_id = await ada.session(switches)
        if is_new:
            world.faults.add("container_start_fails", text=text)
        else:
            await ada.message(session_id, "first", switches)
            world.faults.add("container_start_fails", text=text)
            world.containers[0].crash()
            await world.advance("5s")
        answer = await ada.message(session_id, "second", switches)
        assert answer.last["error"] == f"the sandbox does not start: {text}"
        assert answer.last["status"] == 503
        assert answer.total_ms < limit_s * 1000

    playing(play, faults=[])


@pytest.mark.parametrize("switches", [BEFORE, FIVE, ALL])
def test_one_container_too_many_is_told(switches: str) -> None:
    async def play(world: Cortex) -> None:
        ada = await world.person()
        await ada.message(await ada.session(BEFORE), "first", BEFORE)
        answer = await ada.message(await ada.session(switches), "second", switches)
        assert answer.last["error"].startswith("the sandbox does not start: no container is free for it: ")
        assert answer.total_ms < 150_000

    few = [replace(worker, containers=tuple(replace(one, max_instances=1) for one in worker.containers))
           for worker in CONFIG.workers]  # fmt: skip
    playing(play, config=WorldConfig(tuple(few)))
