"""Making engines."""

from __future__ import annotations

import os
import runpy

from edge.containers.engine import Engine
from edge.world import World
from sandbox.engines.context import EngineContext
from sandbox.engines.names import check_name
from sandbox.engines.supervised import Supervised


def engine_of(name: str, world: World, *, package_cache: bool = True) -> Engine:
    """The engine of a world, whose sandboxes have their server. Nothing starts before its `open()`.

    Raises ConfigError for a name that is none.
    """
    context = EngineContext(world.clock, world.random, world.network, world.state_dir, package_cache)
    engine = _engine(check_name(name), context)
    if name == "fake":
        _script(engine, world)
    return Supervised(engine, context)


def _script(engine: Engine, world: World) -> None:
    """Let each project say what runs in its containers: `setup(engine)` of `containers.py` beside its
    configuration."""
    for worker in world.config.workers:
        file = worker.root / "containers.py"
        if file.is_file():
            runpy.run_path(str(file))["setup"](engine)


def _engine(name: str, context: EngineContext) -> Engine:
    if name == "auto":
        name = "docker" if os.environ.get("DOCKER_HOST") else "process"
    if name == "process":
        from sandbox.engines.process.engine import ProcessEngine

        return ProcessEngine(context)
    if name == "fake":
        from sandbox.engines.fake.engine import FakeEngine

        return FakeEngine(context)
    from sandbox.engines.docker.address import docker_address, podman_address
    from sandbox.engines.docker.engine import DockerEngine

    return DockerEngine(context, podman_address if name == "podman" else docker_address)
