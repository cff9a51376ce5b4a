"""An engine whose containers are plain sockets and futures."""

from __future__ import annotations

import asyncio
from typing import Any

from edge.containers.engine import (
    ContainerGone,
    Exit,
    Image,
    InstanceSpec,
    NotListening,
)


class Pipe:
    """A Connection over asyncio streams."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self, limit: int = 65536) -> bytes:
        try:
            return await self._reader.read(limit)
        except ConnectionError as failure:
            raise ContainerGone(str(failure)) from failure

    async def write(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def write_eof(self) -> None:
        self._writer.write_eof()

    async def close(self) -> None:
        self._writer.close()


class DoubleInstance:
    """Runs until a test ends it. `ports` lead to servers of the test, `services` to functions."""

    def __init__(self, engine: DoubleEngine, spec: InstanceSpec) -> None:
        self.engine = engine
        self.spec = spec
        self.signals: list[int] = []
        self.destroyed = 0
        self.connected = 0
        self._exit: asyncio.Future[Exit] = asyncio.get_running_loop().create_future()

    def vanish(self) -> None:
        """The engine does not know of it any more."""
        self._exit.set_exception(ContainerGone("the daemon went away"))

    def end(self, code: int = 0, reason: Any = "exit") -> None:
        if not self._exit.done():
            self._exit.set_result(Exit(code, reason))

    async def connect(self, port: int) -> Pipe:
        if self._exit.done():
            raise ContainerGone("ended")
        if port not in self.engine.ports:
            raise NotListening(f"port {port}")
        self.connected += 1
        return Pipe(*await asyncio.open_connection("127.0.0.1", self.engine.ports[port]))

    def service(self, port: int) -> Any:
        return self.engine.services.get(port)

    async def wait(self) -> Exit:
        return await asyncio.shield(self._exit)

    async def signal(self, number: int) -> None:
        self.signals.append(number)
        self.end(128 + number, "runtime_signal")

    async def destroy(self) -> None:
        self.destroyed += 1
        self.end(137, "runtime_signal")


class DoubleEngine:
    name = "double"

    def __init__(self) -> None:
        self.ports: dict[int, int] = {}
        self.services: dict[int, Any] = {}
        self.instances: list[DoubleInstance] = []
        self.world: Any = None
        self.opened = self.closed = False
        self.prepared: list[str] = []
        self.start_failure: Exception | None = None
        self.before_start: asyncio.Event | None = None

    def isolation(self) -> str:
        return "none"

    async def open(self) -> None:
        self.opened = True

    async def prepare(self, image: Image) -> None:
        self.prepared.append(str(image))

    async def start(self, spec: InstanceSpec) -> Any:
        assert self.opened
        if self.before_start is not None:
            await self.before_start.wait()
        if self.start_failure is not None:
            raise self.start_failure
        self.instances.append(DoubleInstance(self, spec))
        return self.instances[-1]

    async def close(self) -> None:
        self.closed = True
