"""Looking for the seed under which something happens: a stale read, a lost race, an odd order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edge.testing.world import WorldUnderTest

Scenario = Callable[["WorldUnderTest"], Awaitable[Any]]


class NotFound(AssertionError):
    """No seed showed what was looked for."""


@dataclass(frozen=True, slots=True)
class Found:
    """The first seed under which the scenario gave something, and what it gave."""

    seed: int
    result: Any


@dataclass(frozen=True, slots=True)
class SeedSearch:
    """Runs a scenario in a fresh world for one seed after the other."""

    make: Callable[[int], WorldUnderTest]

    def __call__(self, scenario: Scenario, *, seeds: int = 100, start: int = 0) -> Found:
        """The first of `seeds` seeds, from `start` on, for which `scenario(world)` gives something true.
        Raises NotFound when none does; what the scenario raises ends the search."""
        for seed in range(start, start + seeds):
            result = self._run(scenario, seed)
            if result:
                return Found(seed, result)
        raise NotFound(f"nothing was found under the seeds {start} to {start + seeds - 1}")

    def _run(self, scenario: Scenario, seed: int) -> Any:
        world = self.make(seed)
        try:
            world.run(world.start())
            try:
                return world.run(scenario(world))  # type: ignore[arg-type]
            finally:
                world.run(world.close())
        finally:
            world.stage.close()
