"""The engines that the contract is tested on, each open for a whole test run on a loop of its own."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

from edge.containers.engine import (
    Connection,
    Engine,
    EngineUnavailable,
    Image,
    Instance,
    InstanceSpec,
    InstanceType,
)
from edge.kernel import tasks
from edge.kernel.clock import Clock, VirtualClock, WallClock
from edge.kernel.loop import VirtualLoop
from edge.kernel.random import RandomStreams
from sandbox.engines.context import EngineContext
from sandbox.engines.fake.engine import FakeEngine
from sandbox.engines.fake.process import FakeProcess
from sandbox.engines.process.engine import ProcessEngine
from tests.sandbox.engines.docker import daemon

_T = TypeVar("_T")
_COMPAT = Path(__file__).parents[4] / "docs" / "compat.md"

_ECHO = """
import socket, sys
sock = socket.create_server((sys.argv[1], int(sys.argv[2])))
print("listening", flush=True)
while True:
    peer, _ = sock.accept()
    while data := peer.recv(65536):
        peer.sendall(data)
    peer.close()
"""


@dataclass
class House:
    """One engine with what its tests need to know about it."""

    name: str
    make: Callable[[EngineContext], Engine]
    image: Image = Image(reference="contract")
    clock: Callable[[], Clock] = WallClock
    loop: Callable[[Clock], asyncio.AbstractEventLoop] = lambda _: asyncio.new_event_loop()
    #: A program that listens at an address and a port, prints a line, and sends back what it is sent.
    echo: Callable[[str, int], tuple[str, ...]] = lambda host, port: ("python3", "-c", _ECHO, host, str(port))
    #: Its column in docs/compat.md, where that is not its name.
    column: str = ""
    #: Makes what it needs; raises EngineUnavailable.
    furnish: Callable[[], None] = lambda: None
    #: Why it cannot be tested here; set when opened.
    unavailable: str | None = None

    def open(self, state_dir: Path) -> None:
        clock = self.clock()
        self._runner = asyncio.Runner(loop_factory=lambda: self.loop(clock))
        tasks.install(self._runner.get_loop())
        self.context = EngineContext(clock, RandomStreams(1), None, state_dir)
        self.engine = self.make(self.context)
        self._started = 0
        self._instances: list[Instance] = []
        try:
            self.furnish()
            self.run(self.engine.open())
        except EngineUnavailable as error:
            self.unavailable = str(error)

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        async def limited() -> _T:
            return await asyncio.wait_for(work, 60)

        return self._runner.run(limited())

    def start(self, **settings: Any) -> Instance:
        """A sandbox that lives until the test is over."""
        self._started += 1
        settings.setdefault("image", self.image)
        settings.setdefault("instance_type", InstanceType("basic", 0.25, 1024, 4000))
        instance = self.run(self.engine.start(InstanceSpec(name=f"contract-{self._started}", **settings)))
        self._instances.append(instance)
        return instance

    def clean_up(self) -> None:
        """Destroy what the test started."""
        while self._instances:
            self.run(self._instances.pop().destroy())

    def close(self) -> None:
        if self.unavailable is None:
            self.run(self.engine.close())
        self._runner.close()

    def lacks(self, capability: str) -> str | None:
        """Why this engine cannot do it, as docs/compat.md says; None when it can."""
        cell = capabilities()[capability][self.column or self.name]
        return None if cell == "yes" else f"docs/compat.md, {capability}: {cell}"


def capabilities() -> dict[str, dict[str, str]]:
    """What each engine can do, from the table in docs/compat.md."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in _COMPAT.read_text().partition("## Container engines")[2].splitlines()
        if re.match(r"\|.*\|$", line)
    ]
    head, _, *body = rows
    names = [cell.strip("`") for cell in head[1:]]
    return {row[0]: dict(zip(names, row[1:], strict=True)) for row in body}


def fake_engine(context: EngineContext) -> FakeEngine:
    """With the one program that the contract brings along."""
    engine = FakeEngine(context)
    engine.program("^contract-echo ", _fake_echo)
    return engine


async def _fake_echo(process: FakeProcess) -> int:
    async def serve(peer: Connection) -> None:
        while data := await peer.read():
            await peer.write(data)

    process.listen_raw(int(process.argv[2]), serve)
    await process.say("listening\n")
    await asyncio.Event().wait()
    return 0


HOUSES = [
    House(
        "fake",
        fake_engine,
        clock=VirtualClock,
        loop=lambda clock: VirtualLoop(cast(VirtualClock, clock)),
        echo=lambda host, port: ("contract-echo", host, str(port)),
    ),
    House("process", ProcessEngine),
    House("process-copy", partial(ProcessEngine, styles=("copy",)), column="process"),
    House("process-user", partial(ProcessEngine, as_root=False), column="process"),
    House("process-user-copy", partial(ProcessEngine, styles=("copy",), as_root=False), column="process"),
    House("docker", daemon.engine, Image(reference=daemon.USERLAND), furnish=daemon.has_images),
]
