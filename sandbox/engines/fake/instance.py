"""A container in memory."""

from __future__ import annotations

import asyncio
import errno
import os
import posixpath
from collections.abc import Awaitable, Mapping
from typing import TYPE_CHECKING, TypeVar

from edge.containers.engine import (
    Connection,
    ContainerGone,
    Exit,
    InstanceSpec,
    NotListening,
    Process,
    Shell,
    StartFailed,
    Terminal,
)
from edge.http.request import Request
from edge.http.response import Response
from edge.kernel.spans import modelled_span
from edge.kernel.tasks import give_way, spawn_outside
from sandbox.engines.fake.files import FakeFiles
from sandbox.engines.fake.pipe import Filled, Pipe, PipeEnd, pair
from sandbox.engines.fake.process import FakeProcess, Handle, Program, Raw
from sandbox.engines.fake.programs import PROGRAMS
from sandbox.engines.fake.shell import FakeShell
from sandbox.engines.fake.terminal import FakeTerminal
from sandbox.engines.fake.tree import Tree

if TYPE_CHECKING:
    from edge.containers.engine import Service
    from sandbox.engines.fake.engine import FakeEngine

_T = TypeVar("_T")
_ENV = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
}


class FakeInstance:
    """`edge.containers.engine.Instance`."""

    def __init__(self, engine: FakeEngine, spec: InstanceSpec, tree: Tree, env: Mapping[str, str]) -> None:
        self.engine = engine
        self.spec = spec
        self.tree = tree
        self.clock = engine.context.clock
        self.env = {**_ENV, **env, **spec.env}
        self.processes: dict[int, FakeProcess] = {}
        self._files = FakeFiles(tree, self.clock.now, self.alive)
        self._services: dict[int, Service] = {}
        self._raw: dict[int, Raw] = {}
        self._pids = 0
        self._exit: asyncio.Future[Exit] = asyncio.get_running_loop().create_future()
        self._main: FakeProcess | None = None
        self._shells = 0
        self._connections: list[PipeEnd] = []

    # -- for programs

    def next_pid(self) -> int:
        self._pids += 1
        return self._pids

    def alive(self) -> None:
        """Raises ContainerGone when the container has ended."""
        if self.ended:
            raise ContainerGone(f"the container {self.spec.name} has ended")

    @property
    def ended(self) -> bool:
        return self._exit.done()

    async def give_way(self) -> None:
        await give_way()

    def program(self, argv: tuple[str, ...], path: str, cwd: str) -> Program | None:
        """What runs for a command line: what was registered, a little program, or a script of the tree."""
        registered = self.engine.registered(argv)
        if registered is not None:
            return registered
        name = posixpath.basename(argv[0])
        plain = "/" not in argv[0] or posixpath.dirname(argv[0]) in ("/bin", "/usr/bin", "/usr/local/bin")
        if plain and name in PROGRAMS:
            return PROGRAMS[name]
        if "/" in argv[0] and self.tree.exists(posixpath.join(cwd, argv[0])):
            return _script
        return None

    def listen(self, port: int, service: Service) -> None:
        self._claim(port)
        self._services[port] = service

    def listen_raw(self, port: int, serve: Raw) -> None:
        self._claim(port)
        self._raw[port] = serve

    def _claim(self, port: int) -> None:
        if port in self._services or port in self._raw:
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))

    def unlisten(self, port: int) -> None:
        self._services.pop(port, None)
        self._raw.pop(port, None)

    # -- for the runtime

    @property
    def files(self) -> FakeFiles:
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
        self.alive()
        whole = {**self.env, **(env or {})}
        if terminal is not None:
            whole["TERM"] = "xterm-256color"
        if not self.tree.exists(cwd):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), cwd)
        program = self.program(argv, whole["PATH"], cwd)
        if program is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), argv[0])
        if terminal is None:
            source = Pipe() if stdin else Filled()
            process = FakeProcess(self, argv, whole, cwd, source, Pipe(), Pipe())
        else:
            process = self._on_terminal(FakeTerminal(terminal), argv, whole, cwd)
        process.run(program)
        return Handle(process)

    def _on_terminal(
        self, terminal: FakeTerminal, argv: tuple[str, ...], env: Mapping[str, str], cwd: str
    ) -> FakeProcess:
        """The leader of what runs on a terminal."""
        process = FakeProcess(self, argv, env, cwd, terminal.input, terminal.output, terminal.output)
        process.terminal = terminal

        def signal(number: int) -> None:
            for one in list(self.processes.values()):
                if one.group == process.group:
                    one.signal(number)

        terminal.signal = signal
        spawn_outside(terminal.run(), name="fake terminal")
        return process

    async def open_shell(self, *, cwd: str, env: Mapping[str, str]) -> Shell:
        self.alive()
        if not self.tree.exists(cwd):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), cwd)
        if self._shells == 0:
            await self.phase("shell_ready")
        self._shells += 1
        return FakeShell(self, cwd, env)

    async def connect(self, port: int) -> Connection:
        self.alive()
        serve = self._raw.get(port)
        if serve is None:
            raise NotListening(f"nothing listens on port {port}")
        ours, theirs = pair()
        self._connections = [held for held in self._connections if not held.closed] + [ours]
        spawn_outside(_served(serve, theirs), name=f"fake port {port}")
        return ours

    def service(self, port: int) -> Service | None:
        """What answers at a port; where only connections are served, or nothing is, there is none."""
        if port not in self._services:
            return None

        async def answer(request: Request) -> Response:
            self.alive()
            service = self._services.get(port)
            if service is None:
                raise NotListening(f"nothing listens on port {port}")
            await self.phase("connect")
            return await self.unless_ended(service(request))

        return answer

    async def phase(self, name: str) -> None:
        network = self.engine.context.network
        if network is None or not (delay_s := network.phase_s(name)):
            return
        with modelled_span("container.phase", phase=name, container=self.spec.name):
            await self.unless_ended(self.clock.sleep(delay_s))

    async def unless_ended(self, work: Awaitable[_T]) -> _T:
        """The outcome of `work`. Raises ContainerGone as soon as the container ends."""
        task = asyncio.ensure_future(work)  # noqa: TID251 (awaited here, cancelled below)
        ended = self._exit
        told = asyncio.get_running_loop().create_future()

        def tell(_: object) -> None:
            if not told.done():
                told.set_result(None)

        task.add_done_callback(tell)
        ended.add_done_callback(tell)
        try:
            await told
        finally:
            ended.remove_done_callback(tell)
            if not task.done():
                task.cancel()
        if task.done():
            return task.result()
        raise ContainerGone(f"the container {self.spec.name} has ended")

    # -- its end

    def begin(self, command: tuple[str, ...], cwd: str) -> None:
        """Start the entrypoint, if there is one."""
        if not command:
            return
        program = self.program(command, self.env["PATH"], cwd)
        if program is None:
            self.end(Exit(127))
            raise StartFailed(f"{command[0]}: no such program")
        main = FakeProcess(self, command, self.env, cwd, Filled(), Pipe(), Pipe())
        self._main = main
        main.run(program)
        spawn_outside(self._follow(main), name=f"fake {self.spec.name}")
        for pipe in (main.stdout, main.stderr):
            spawn_outside(_drained(pipe), name=f"fake output of {self.spec.name}")

    async def _follow(self, main: FakeProcess) -> None:
        code = await main.wait()
        self.end(Exit(code, "runtime_signal" if code > 128 else "exit"))

    def end(self, exit_: Exit) -> None:
        """The container is over, with everything in it."""
        if not self._exit.done():
            self._exit.set_result(exit_)
        for process in list(self.processes.values()):
            process.signal(9)
        self._services.clear()
        self._raw.clear()
        for connection in self._connections:
            connection.cut()

    def crash(self, code: int = 139) -> None:
        """End as if the container's machine had died."""
        self.end(Exit(code, "exit"))

    async def wait(self) -> Exit:
        return await asyncio.shield(self._exit)

    async def signal(self, number: int) -> None:
        if self._main is not None and self._main.running:
            self._main.signal(number)
        elif number in (2, 9, 15):
            self.end(Exit(128 + number, "runtime_signal"))

    async def destroy(self) -> None:
        self.end(Exit(137, "runtime_signal"))
        self.engine.forget(self)


async def _served(serve: Raw, connection: Connection) -> None:
    try:
        await serve(connection)
    except (BrokenPipeError, ContainerGone):
        return  # the other side went
    finally:
        await connection.close()


async def _drained(pipe: Pipe) -> None:
    while await pipe.read():
        pass


async def _script(process: FakeProcess) -> int:
    return await PROGRAMS["sh"](_as_script(process))


def _as_script(process: FakeProcess) -> FakeProcess:
    process.argv = ("sh", process.argv[0], *process.argv[1:])
    return process
