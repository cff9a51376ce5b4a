"""Cortex in a world of a test: in virtual time, over the fake engine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from edge.config import WorldConfig
from edge.kernel.clock import VirtualClock
from edge.testing.world import WorldUnderTest
from sandbox.engines.fake.instance import FakeInstance
from sandbox.engines.names import engine_maker
from wrangler_compat.lab.person import Person
from wrangler_compat.lab.worlds import project_config
from wrangler_compat.modules.dialect import PythonDialect

PROJECT = Path(__file__).parents[2] / "cortex"
FIVE = "config_cache,skip_redundant,parallel,no_delays,cold_start"
ALL = f"{FIVE},one_round_trip,warm_agent,wake_early,resumable,knowledge,package_cache"
BEFORE = ""
CONFIG = project_config(PROJECT / "wrangler.jsonc")
MCP = {"name": "github", "command": "npx -y @modelcontextprotocol/server-github"}


def builds(container: FakeInstance) -> bool:
    """Whether it is one that builds packages for the shared cache."""
    return container.spec.labels.get("purpose") == "package-build"


class Cortex(WorldUnderTest):
    """The app, with a look into its containers."""

    @property
    def containers(self) -> list[FakeInstance]:
        """Those of sessions; packages are built in others."""
        assert self.fleet is not None
        found: list[FakeInstance] = self.fleet.engine.inner.instances  # type: ignore[attr-defined]
        return [one for one in found if not builds(one)]

    async def person(self, name: str = "ada") -> Person:
        return await Person(self, name).sign_in()


def playing(
    play: Callable[[Cortex], Awaitable[Any]],
    *,
    seed: int = 1,
    network: Any = None,
    faults: Any = None,
    config: WorldConfig = CONFIG,
) -> Any:
    """Run a scenario in a fresh world."""
    world = Cortex(
        config,
        dialect=PythonDialect(),
        clock=VirtualClock(),
        seed=seed,
        network=network,
        faults=faults,
        engine=engine_maker("fake"),
        limit_s=60.0,
    )

    async def whole() -> Any:
        await world.start()
        try:
            return await play(world)
        finally:
            await world.close(0)

    try:
        return world.run(whole())
    finally:
        world.stage.close()
