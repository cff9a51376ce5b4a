from __future__ import annotations

import pytest

from wrangler_compat.testing.search import Found, NotFound, SeedSearch


class Stage:
    def __init__(self, log: list[str]) -> None:
        self._log = log

    def close(self) -> None:
        self._log.append("stage closed")


class World:
    """A world that notes what is done with it."""

    def __init__(self, seed: int, log: list[str]) -> None:
        self.seed = seed
        self.stage = Stage(log)
        self._log = log

    def run(self, work: str) -> str:
        if work == "raise":
            raise ValueError("the scenario failed")
        self._log.append(work)
        return work

    def start(self) -> str:
        return f"start {self.seed}"

    def close(self) -> str:
        return f"close {self.seed}"


def search(log: list[str]) -> SeedSearch:
    return SeedSearch(lambda seed: World(seed, log))  # type: ignore[arg-type,return-value]


def test_the_first_seed_that_shows_it_is_found_and_worlds_are_closed() -> None:
    log: list[str] = []
    found = search(log)(lambda world: "shown" if world.seed == 6 else "", seeds=10, start=5)  # type: ignore[arg-type,return-value]
    assert found == Found(6, "shown")
    assert log == [
        *("start 5", "", "close 5", "stage closed"),
        *("start 6", "shown", "close 6", "stage closed"),
    ]


def test_nothing_found_says_where_it_looked() -> None:
    with pytest.raises(NotFound, match="nothing was found under the seeds 3 to 5"):
        search([])(lambda world: "", seeds=3, start=3)  # type: ignore[arg-type,return-value]


def test_what_the_scenario_raises_ends_the_search() -> None:
    log: list[str] = []
    with pytest.raises(ValueError, match="the scenario failed"):
        search(log)(lambda world: "raise")  # type: ignore[arg-type,return-value]
    assert log == ["start 0", "close 0", "stage closed"]
