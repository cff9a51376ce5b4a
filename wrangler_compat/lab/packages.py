"""MCP servers that come by npm: the shared cache filled beforehand, and when a container has its packages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edge.world import World
from wrangler_compat.lab.person import Person

_FILL_LIMIT_S = 180.0
_READY_LIMIT_S = 180.0
_LOOK_S = 0.05


@dataclass(frozen=True, slots=True)
class Package:
    """A server that npx runs, and the program by which one sees in a container that its package is there."""

    server: dict[str, str]
    program: str


#: The fake engine's npm makes one program for each package.
GITHUB = Package(
    {"name": "github", "command": "npx -y @modelcontextprotocol/server-github"},
    "/usr/local/bin/server-github",
)
#: Small, without dependencies: what is measured is the way, not the package.
SEMVER = Package({"name": "semver", "command": "npx -y semver@7.7.2"}, "/usr/local/bin/semver")


class NoPackages(Exception):
    """A package did not come in time: npm is not here, or reaches no registry."""


async def fill(world: World, package: Package) -> None:
    """Have somebody else need a package, so that the shared cache has it. Raises NoPackages."""
    other = await Person(world, "somebody-else").sign_in()
    await other.call("POST", "/api/mcp", package.server)
    session_id = await other.session("package_cache")
    await other.message(session_id, "hello", "package_cache")
    assert world.config.primary is not None
    dialect: Any = world.dialect
    env = dialect.environment(world.config.primary.name)  # as the Worker's code gets it
    for _ in range(round(_FILL_LIMIT_S)):
        if (await env.PACKAGES.list(prefix="specs/")).objects:
            await other.call("POST", f"/api/sessions/{session_id}/sleep")
            await asleep(world)
            return
        await world.clock.sleep(1.0)
    raise NoPackages("no package got into the cache")


async def asleep(world: World) -> None:
    """Wait until no session's container runs."""
    while _up(world):
        await world.clock.sleep(_LOOK_S)


async def ready_ms(world: World, package: Package) -> float:
    """When the container that wakes now has the package, in milliseconds since the epoch. Raises
    NoPackages."""
    for _ in range(round(_READY_LIMIT_S / _LOOK_S)):
        for instance in _up(world):
            try:
                await instance.files.stat(package.program)
            except OSError:
                continue
            return world.clock.now() * 1000
        await world.clock.sleep(_LOOK_S)
    raise NoPackages(f"{package.program} did not come")


def _up(world: World) -> list[Any]:
    assert world.fleet is not None
    return world.fleet.instances("Sandbox")
