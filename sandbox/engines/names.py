"""The names of the engines."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from edge.errors import ConfigError

if TYPE_CHECKING:
    from edge.containers.engine import Engine
    from edge.world import World

#: `auto` is `docker` where DOCKER_HOST says that there is one, else `process`.
NAMES: Final = ("auto", "process", "docker", "podman", "fake")


def check_name(name: str) -> str:
    """The name itself. Raises ConfigError when there is no such engine."""
    if name not in NAMES:
        raise ConfigError(f"there is no container engine {name!r}; there are {', '.join(NAMES)}")
    return name


def engine_maker(name: str, *, package_cache: bool = True) -> Callable[[World], Engine]:
    """What makes the engine of a world that has containers; it is imported then. `package_cache`: whether
    sandboxes share the packages they install, where the engine can. Raises ConfigError."""
    check_name(name)

    def make(world: World) -> Engine:
        from sandbox.engines.open import engine_of

        return engine_of(name, world, package_cache=package_cache)

    return make
