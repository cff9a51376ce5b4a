"""One running container."""

from __future__ import annotations

import asyncio
import errno
import signal
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from docker.errors import APIError

from edge.containers.engine import (
    ContainerGone,
    Exit,
    NotListening,
    Process,
    Shell,
    Terminal,
)
from edge.kernel.tasks import log_failure, spawn_outside
from sandbox.engines.docker import ports
from sandbox.engines.docker.daemon import Daemon, exit_code, gently
from sandbox.engines.docker.files import DockerFiles
from sandbox.engines.docker.helper import Helper
from sandbox.engines.docker.networks import Network
from sandbox.engines.docker.program import DockerProgram
from sandbox.engines.docker.wire import Refused, Wire
from sandbox.engines.process.pipes import FdConnection

if TYPE_CHECKING:
    from edge.containers.engine import Service

_KILLED = 128 + signal.SIGKILL
_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGKILL)


class DockerInstance:
    """Implements `edge.containers.engine.Instance`."""

    def __init__(
        self,
        daemon: Daemon,
        id: str,
        name: str,
        network: Network,
        *,
        has_main: bool,
        free: Callable[[], Coroutine[Any, Any, None]],
    ) -> None:
        """`has_main`: it ends with its entrypoint; else its process 1 is ours. `free`: removes it and what
        was made for it."""
        self.daemon = daemon
        self.id = id
        self.name = name
        self.network = network
        #: Where its ports are: its address, or for each port the one that stands for it on `host`.
        self.host = ""
        self.published: Mapping[int, int] | None = None
        self.programs: set[DockerProgram] = set()
        #: What its programs get beside the container's own environment.
        self.env: Mapping[str, str] = {}
        self._has_main = has_main
        self._free = free
        self._helper = Helper(self)
        self._files = DockerFiles(self, self._helper)
        self._connections: WeakSet[FdConnection] = WeakSet()
        self._signalled: int | None = None
        self._exit: asyncio.Future[Exit] = asyncio.get_running_loop().create_future()
        self._freeing: asyncio.Task[None] | None = None

    # -- from start to end

    def started(self, watch: Wire) -> None:
        """It runs; `watch` tells of its end."""
        follow = spawn_outside(self._follow(watch), name=f"end of {self.name}")
        follow.add_done_callback(log_failure)

    async def _follow(self, watch: Wire) -> None:
        code = await exit_code(watch)
        if self._exit.done():
            return
        if code is None:
            self._exit.set_exception(ContainerGone("the container daemon is gone"))
            self._exit.exception()  # nobody may be waiting: that is no oversight
        else:
            by_us = self._signalled is not None and code == 128 + self._signalled
            self._exit.set_result(Exit(code, "runtime_signal" if by_us else "exit"))
        self._cut()

    @property
    def ended(self) -> bool:
        return self._exit.done()

    def check_runs(self) -> None:
        """Raises ContainerGone when it has ended."""
        if self.ended:
            raise ContainerGone("the container has ended")

    async def has_ended(self, within_s: float) -> bool:
        """Whether it has, or does so in a moment."""
        with suppress(TimeoutError, ContainerGone):
            async with asyncio.timeout(within_s):
                await self.wait()
        return self.ended

    async def wait(self) -> Exit:
        return await asyncio.shield(self._exit)

    async def signal(self, number: int) -> None:
        if self.ended:
            return
        self._signalled = number
        if self._has_main:
            await gently(self.daemon, lambda api: api.kill(self.id, number))
        elif number in _ENDING:
            await self._end(Exit(128 + number, "runtime_signal"))
        else:
            await self._helper.do(f"kill -{number} -1")

    async def destroy(self) -> None:
        await self._end(Exit(_KILLED, "runtime_signal"))

    async def _end(self, exit_: Exit) -> None:
        if not self.ended:
            self._exit.set_result(exit_)
        self._cut()
        if self._freeing is None:
            self._freeing = spawn_outside(self._free(), name=f"removal of {self.name}")
        await asyncio.shield(self._freeing)

    def _cut(self) -> None:
        """End at once what is under way in it."""
        for program in list(self.programs):
            program.cut()
        self.programs.clear()
        for connection in list(self._connections):
            connection.release()

    # -- what runs in it

    @property
    def files(self) -> DockerFiles:
        return self._files

    async def spawn(
        self,
        argv: tuple[str, ...],
        *,
        cwd: str = "/",
        env: Mapping[str, str] | None = None,
        stdin: bool = False,
        terminal: Terminal | None = None,
    ) -> Process:
        self.check_runs()
        own = {**self.env, **(env or {})}
        if terminal is not None:
            own.setdefault("TERM", "xterm-256color")
        return await DockerProgram.start(self, argv, cwd=cwd, env=own, stdin=stdin, terminal=terminal)

    async def kill(self, pid: int, number: int, *, group: bool) -> None:
        """Send a signal to a program by its id inside."""
        with suppress(ContainerGone):
            await self._helper.do(f"kill -{number} -{pid}" if group else f"kill -{number} {pid}")

    async def has(self, pid: int) -> bool:
        """Whether a program with that id inside has not ended yet. Raises ContainerGone."""
        ended = f"case $(cat /proc/{pid}/stat 2>/dev/null) in '' | *') Z '*) false ;; esac"
        return (await self._helper.do(ended)).exit_code == 0

    async def why_refused(self, error: Refused | APIError) -> Exception:
        """What it means that the daemon starts no program here."""
        status = error.status if isinstance(error, Refused) else error.status_code
        if status in (404, 409) or await self.has_ended(0):
            return ContainerGone("the container has ended")
        return OSError(errno.EIO, f"the daemon starts no program: {error}")

    async def open_shell(self, *, cwd: str, env: Mapping[str, str]) -> Shell:
        from sandbox.server.pipe_shell import PipeShell

        return await PipeShell.open(self, cwd=cwd, env=env)

    async def connect(self, port: int) -> FdConnection:
        self.check_runs()
        where = port
        if self.published is not None:
            where = await self._published(port)
        try:
            connection = await ports.connect(self.daemon.clock, self.host, where)
        except (OSError, TimeoutError) as error:
            self.check_runs()
            raise NotListening(f"nothing listens on port {port}") from error
        self._connections.add(connection)
        return connection

    async def _published(self, port: int) -> int:
        assert self.published is not None
        if port not in self.published:
            raise ports.not_published(port)
        # What publishes a port accepts whether or not anything listens behind it.
        for table in ports.TABLES:
            with suppress(FileNotFoundError):
                if ports.listens(b"".join([part async for part in self._files.read(table)]), port):
                    return self.published[port]
        raise NotListening(f"nothing listens on port {port}")

    def service(self, port: int) -> Service | None:
        return None

    async def phase(self, name: str) -> None:
        """Nothing is modelled: what takes time here takes it by itself."""
