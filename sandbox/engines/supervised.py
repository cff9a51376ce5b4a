"""An engine whose sandboxes have their server: it answers on port 3000 without a socket.

The real image brings the server with it; here it runs beside the container, so that any image will do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from edge.containers.engine import (
    Connection,
    Engine,
    Exit,
    Files,
    Image,
    Instance,
    InstanceSpec,
    Process,
    Shell,
    Terminal,
)
from sandbox.engines.context import EngineContext
from sandbox.server.server import SandboxServer

if TYPE_CHECKING:
    from edge.containers.engine import Service

#: A container started with this label is a sandbox.
SANDBOX_LABEL = "sandbox-server"
SANDBOX_PORT = 3000


class Supervised:
    """The same engine; instances that are sandboxes answer on port 3000."""

    def __init__(self, engine: Engine, context: EngineContext) -> None:
        self._engine = engine
        #: The engine itself.
        self.inner = engine
        self._context = context
        self.name = engine.name

    def isolation(self) -> str:
        return self._engine.isolation()

    async def open(self) -> None:
        await self._engine.open()

    async def prepare(self, image: Image) -> None:
        await self._engine.prepare(image)

    async def start(self, spec: InstanceSpec) -> Instance:
        instance = await self._engine.start(spec)
        if SANDBOX_LABEL not in spec.labels:
            return instance
        return _Supervised(
            instance, SandboxServer(instance, self._context.clock, self._context.random, spec.name)
        )

    async def close(self) -> None:
        await self._engine.close()


class _Supervised:
    """An instance with its server; all else is the instance's own."""

    def __init__(self, instance: Instance, server: SandboxServer) -> None:
        self._instance = instance
        self._server = server

    @property
    def files(self) -> Files:
        return self._instance.files

    async def spawn(
        self,
        argv: tuple[str, ...],
        *,
        cwd: str = "/",
        env: Mapping[str, str] | None = None,
        stdin: bool = False,
        terminal: Terminal | None = None,
    ) -> Process:
        return await self._instance.spawn(argv, cwd=cwd, env=env, stdin=stdin, terminal=terminal)

    async def open_shell(self, *, cwd: str, env: Mapping[str, str]) -> Shell:
        return await self._instance.open_shell(cwd=cwd, env=env)

    async def connect(self, port: int) -> Connection:
        return await self._instance.connect(port)

    def service(self, port: int) -> Service | None:
        return self._server if port == SANDBOX_PORT else self._instance.service(port)

    async def phase(self, name: str) -> None:
        await self._instance.phase(name)

    async def wait(self) -> Exit:
        return await self._instance.wait()

    async def signal(self, number: int) -> None:
        await self._instance.signal(number)

    async def destroy(self) -> None:
        await self._instance.destroy()
