"""Everything goes wrong at once, and what was acknowledged is still there."""

from __future__ import annotations

import asyncio

import pytest

from edge.js.errors import JsException
from tests.edge.network.project import Project, play

SCRIPT = [
    {"kind": "crash", "probability": 0.05},
    {"kind": "commit_fails", "probability": 0.05},
    {"kind": "commit_slow", "extra": "1s", "probability": 0.05},
    {"kind": "evict", "probability": 0.2},
    {"kind": "loss", "between": ["*", "*"], "probability": 0.05},
    {"kind": "partition", "between": ["SYD", "*"], "at": "3s", "for": "2s", "every": "10s"},
    {"kind": "place_down", "place": "LHR", "at": "9s", "for": "3s", "every": "20s"},
    {"kind": "client_disconnect", "after": "300ms", "probability": 0.02},
]
PLACES = ("syd", "lhr", "iad")


class Counters:
    """Clients that count in three objects, and what they were told."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self.acknowledged = [0, 0, 0]
        self.tried = [0, 0, 0]
        self.failures = 0

    async def count(self, number: int, action: str) -> None:
        room = number % 3
        self.tried[room] += 1
        try:
            answer = await self._project.get(f"{action}/r{room}", PLACES[number % 3])
        except JsException:
            self.failures += 1
        else:
            self.acknowledged[room] = max(self.acknowledged[room], first(answer))


def first(answer: str) -> int:
    text = answer.strip("[]").partition(",")[0]
    return 0 if text == "None" else int(text)


async def patiently(project: Project, path: str) -> str:
    """An answer, though an object's first caller after an outage still gets an error."""
    while True:
        try:
            return await project.get(path, "iad")
        except JsException:
            await project.clock.sleep(1)


@pytest.mark.parametrize("action", ["incr", "alone"])
def test_no_acknowledged_write_is_lost(action: str) -> None:
    async def scenario(project: Project) -> None:
        counters = Counters(project)
        for _ in range(15):
            await asyncio.gather(*(counters.count(number, action) for number in range(6)))
        faults = project.world.faults
        assert faults is not None
        for fault in [fault for kind in faults._by_kind.values() for fault in kind]:
            fault.stop()
        for room in range(3):
            stored = first(await patiently(project, f"read/r{room}"))
            assert counters.acknowledged[room] <= stored <= counters.tried[room]
        assert counters.failures > 10
        assert len(faults.counts) >= 6

    for seed in range(4):
        play(scenario, seed=seed, network="edge", faults=SCRIPT)
