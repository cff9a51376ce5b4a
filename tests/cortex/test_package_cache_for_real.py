"""The package cache with real processes, the real npm, and a real package."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path

import pytest

from edge.kernel import tasks
from edge.kernel.clock import WallClock
from edge.world import World
from sandbox.engines.names import engine_maker
from tests.cortex.worlds import CONFIG
from wrangler_compat.lab.packages import SEMVER, NoPackages, fill
from wrangler_compat.lab.person import Person
from wrangler_compat.modules.dialect import PythonDialect

SPEC = "semver@7.7.2"
SWITCHES = "config_cache,parallel,no_delays,package_cache"
#: Offline there is nothing but what was unpacked; npx asks the registry about a version that it has.
RUN = (
    "[tool:run export npm_config_offline=true; "
    "npx -y semver 1.2.3 2> /dev/null; npm ls -g | grep -o 'semver@.*']"
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("npm") is None, reason="there is no npm on this machine"),
]


async def asked(world: World, name: str) -> tuple[str, str]:
    """What a message with a server of npm's says of its package, and what its program prints."""
    person = await Person(world, name).sign_in()
    await person.call("POST", "/api/mcp", SEMVER.server)
    answer = await person.message(await person.session(SWITCHES), f"run it\n{RUN}", SWITCHES)
    printed = next((str(frame["output"]) for frame in answer.frames if frame["type"] == "tool-result"), "")
    return str(answer.step(5)[0]["detail"]), printed.strip()


def test_a_package_that_one_needed_runs_offline_in_the_next_ones_sandbox() -> None:
    async def whole() -> tuple[str, str]:
        tasks.install(asyncio.get_running_loop())
        with tempfile.TemporaryDirectory(prefix="packages-") as state:
            world = World(
                CONFIG,
                dialect=PythonDialect(),
                clock=WallClock(),
                state_dir=Path(state),
                engine=engine_maker("process", package_cache=False),
            )
            await world.start()
            try:
                await fill(world, SEMVER)
                return await asked(world, "ada")
            finally:
                await world.close(1.0)

    try:
        told = asyncio.run(whole())
    except NoPackages as failure:
        pytest.skip(f"npm reaches no registry: {failure}")
    assert told == (f"{SPEC} from the cache", f"1.2.3\n{SPEC}")
