"""A server to be killed: it starts a sandbox with a daemon in the state directory given, and waits."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from edge.containers.engine import Image, InstanceSpec
from edge.kernel.clock import WallClock
from edge.kernel.random import RandomStreams
from sandbox.engines.context import EngineContext
from sandbox.engines.process.engine import ProcessEngine


async def main(state: Path, style: str) -> None:
    engine = ProcessEngine(EngineContext(WallClock(), RandomStreams(), None, state), styles=(style,))
    await engine.open()
    instance = await engine.start(InstanceSpec("doomed", Image("x"), labels={"sandbox-server": "1"}))
    seconds = os.environ["SECONDS_TO_SLEEP"]
    daemon = await instance.spawn(("sh", "-c", f"setsid sleep {seconds} & echo ready; exec sleep {seconds}"))
    assert await daemon.io.read() == b"ready\n"
    print("ready", flush=True)
    await daemon.wait()


asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
