"""A server to be killed: it starts a sandbox and a container of its own command, and waits."""

from __future__ import annotations

import asyncio

from edge.containers.engine import Image, InstanceSpec
from edge.kernel import tasks
from edge.kernel.clock import WallClock
from edge.kernel.random import RandomStreams
from sandbox.engines.context import EngineContext
from tests.sandbox.engines.docker import daemon


async def main() -> None:
    tasks.install(asyncio.get_running_loop())
    engine = daemon.engine(EngineContext(WallClock(), RandomStreams()))
    await engine.open()
    image = Image(reference=daemon.BUSYBOX)
    await engine.start(InstanceSpec("sandbox", image, labels={"sandbox-server": "1"}))
    await engine.start(InstanceSpec("container", image, entrypoint=("sleep", "1000")))
    print("ready", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
