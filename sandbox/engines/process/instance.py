"""One running sandbox."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from edge.containers.engine import (
    ContainerGone,
    Exit,
    InstanceSpec,
    NotListening,
    Shell,
    StartFailed,
    Terminal,
)
from edge.kernel.clock import Clock
from edge.kernel.tasks import log_failure, spawn_outside
from sandbox.engines.process.files import RootFiles
from sandbox.engines.process.inside.messages import Message
from sandbox.engines.process.output import log_lines
from sandbox.engines.process.packages.changes import Area
from sandbox.engines.process.pipes import FdConnection
from sandbox.engines.process.program import Program
from sandbox.engines.process.python_command import python_command
from sandbox.engines.process.spawner import Booted

if TYPE_CHECKING:
    from edge.containers.engine import Service

_SOCKETS_AHEAD = 4
_KILLED = 128 + signal.SIGKILL
_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGKILL)


class ProcessInstance:
    """Implements `edge.containers.engine.Instance`."""

    def __init__(self, clock: Clock, name: str, *, warm_python: bool = True) -> None:
        self._clock = clock
        self.name = name
        self._warm_python = warm_python
        #: Where on the host lies what it writes.
        self.areas: Sequence[Area] = ()
        self._booted: Booted | None = None
        self._files: RootFiles | None = None
        self._env: dict[str, str] = {}
        self._programs: dict[int, Program] = {}
        self._early: dict[int, int] = {}
        self._main: Program | None = None
        self._sockets: list[int] = []
        self._signalled: int | None = None
        loop = asyncio.get_running_loop()
        self._exit: asyncio.Future[Exit] = loop.create_future()
        self._freed: asyncio.Future[None] = loop.create_future()
        #: Free what is held for this sandbox, once its processes have ended; the last comes first.
        self.at_end: list[Callable[[], Awaitable[None]]] = []

    # -- from start to end

    def started(self, booted: Booted, owner: int | None) -> None:
        """Process 1 runs."""
        self._booted = booted
        self._files = RootFiles(self._clock, booted.root_fd, owner)
        asyncio.get_running_loop().add_reader(booted.pidfd, self._all_ended)

    @property
    def runs(self) -> bool:
        return self._booted is not None and not self._booted.channel.closed

    @property
    def pid(self) -> int:
        """Process 1, by the host's count."""
        return self._running().pid

    async def run(
        self,
        spec: InstanceSpec,
        env: Mapping[str, str],
        argv: tuple[str, ...],
        cwd: str,
        *,
        main: bool,
        limits: list[tuple[int, int]],
    ) -> None:
        """Take on what `spec` says and start `argv`, with whose end the sandbox ends when it is its `main`.
        `limits`: pairs of an RLIMIT number and its value.

        Raises StartFailed."""
        self._env = {**env, **spec.env}
        await self._running().channel.ask({"op": "limit", "rlimits": limits})
        if not argv:
            return
        try:
            program = await self.spawn(argv, cwd=cwd)
        except OSError as error:
            raise StartFailed(f"The entrypoint of {spec.image} does not run: {error}") from error
        for stream in (program.io, program.stderr):
            assert stream is not None
            spawn_outside(log_lines(spec.name, stream), name=f"output of {spec.name}")
        if main:
            self._main = program
            watch = spawn_outside(self._end_with(program), name=f"entrypoint of {spec.name}")
            watch.add_done_callback(log_failure)

    async def wait(self) -> Exit:
        return await asyncio.shield(self._exit)

    async def signal(self, number: int) -> None:
        if self._booted is None or self._exit.done():
            return
        self._signalled = number
        if self._main is not None:
            await self._main.signal(number)
        elif number in _ENDING:
            self._finish(Exit(128 + number, "runtime_signal"))
            await self._free()
        else:
            self._booted.channel.tell({"op": "signal", "pid": -1, "number": number, "group": False})

    async def destroy(self) -> None:
        self._finish(Exit(_KILLED, "runtime_signal"))
        await self._free()

    async def _end_with(self, main: Program) -> None:
        try:
            code = await main.wait()
        except ContainerGone:
            return
        by_us = self._signalled is not None and code == 128 + self._signalled
        self._finish(Exit(code, "runtime_signal" if by_us else "exit"))
        await self._free()

    def _finish(self, exit_: Exit) -> None:
        """The sandbox ends now: `exit_` is the reason, unless there is one already."""
        if not self._exit.done():
            self._exit.set_result(exit_)
        if self._booted is not None:
            with suppress(ProcessLookupError):  # it ended by itself
                signal.pidfd_send_signal(self._booted.pidfd, signal.SIGKILL)
            self._booted.channel.close()

    async def _free(self) -> None:
        await asyncio.shield(self._freed)

    def has_closed(self) -> None:
        """Process 1 does not answer any more."""
        for program in self._programs.values():
            program.is_gone()
        self._programs.clear()
        for fd in self._sockets:
            os.close(fd)
        self._sockets.clear()
        if not self._exit.done():
            self._exit.set_result(Exit(_KILLED))

    def _all_ended(self) -> None:
        # Process 1 is the last of its PID namespace to go, so nothing of the sandbox runs any more.
        assert self._booted is not None
        asyncio.get_running_loop().remove_reader(self._booted.pidfd)
        self._booted.channel.close()
        os.close(self._booted.pidfd)
        self._booted = None
        self.files.close()
        spawn_outside(self._after_end(), name=f"end of {self.name}").add_done_callback(log_failure)

    async def _after_end(self) -> None:
        try:
            while self.at_end:
                await self.at_end.pop()()
        finally:
            self._freed.set_result(None)

    def event(self, message: Message, fds: list[int]) -> None:
        """What process 1 reports by itself: that a program ended."""
        for fd in fds:
            os.close(fd)
        program = self._programs.pop(message["pid"], None)
        if program is None:
            # The answer that names the program is here, but whoever asked has not run since.
            self._early[message["pid"]] = message["code"]
        else:
            program.has_ended(message["code"])

    # -- what runs in it

    @property
    def files(self) -> RootFiles:
        assert self._files is not None, "started() comes first"
        return self._files

    async def spawn(
        self,
        argv: tuple[str, ...],
        *,
        cwd: str = "/",
        env: Mapping[str, str] | None = None,
        stdin: bool = False,
        terminal: Terminal | None = None,
    ) -> Program:
        whole_env = {**self._env, **(env or {})}
        request: Message = {
            "op": "spawn",
            "argv": list(argv),
            "cwd": cwd,
            "env": whole_env,
            "python": python_command(argv, whole_env) if self._warm_python else None,
            "terminal": None if terminal is None else {"cols": terminal.cols, "rows": terminal.rows},
        }
        channel = self._running().channel
        if terminal is not None:
            request["env"].setdefault("TERM", "xterm-256color")
            with self._clock.hold("a program that is starting"):
                answer, (master,) = await channel.ask(request)
            io = FdConnection(master, master, terminal=True)
            return self._register(Program(channel, answer["pid"], io, None))
        theirs, read_out, read_err, write_in = _pipes(stdin)
        io = FdConnection(read_out, write_in)
        stderr = FdConnection(read_err, None)
        try:
            with self._clock.hold("a program that is starting"):
                answer, _ = await channel.ask(request, theirs)
        except BaseException:
            io.release()
            stderr.release()
            raise
        finally:
            for fd in theirs:
                os.close(fd)
        return self._register(Program(channel, answer["pid"], io, stderr))

    def _register(self, program: Program) -> Program:
        early = self._early.pop(program.pid, None)
        if early is not None:
            program.has_ended(early)
        elif self._booted is None or self._booted.channel.closed:
            program.is_gone()
        else:
            self._programs[program.pid] = program
        return program

    async def open_shell(self, *, cwd: str, env: Mapping[str, str]) -> Shell:
        from sandbox.server.pipe_shell import PipeShell

        return await PipeShell.open(self, cwd=cwd, env=env)

    async def connect(self, port: int) -> FdConnection:
        # A socket made inside reaches what listens inside, and nothing else, whoever uses it.
        try:
            return await self._connect(port, v6=False)
        except ConnectionRefusedError:
            try:
                return await self._connect(port, v6=True)  # what listens on `localhost` may mean ::1
            except OSError as error:
                raise NotListening(f"nothing listens on port {port}") from error

    async def _connect(self, port: int, *, v6: bool) -> FdConnection:
        with socket.socket(fileno=await self._socket(v6)) as sock:
            sock.setblocking(False)
            with self._clock.hold(f"a connection to port {port}"):
                await asyncio.get_running_loop().sock_connect(sock, ("::1" if v6 else "127.0.0.1", port))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            fd = sock.detach()
        return FdConnection(fd, fd)

    async def _socket(self, v6: bool) -> int:
        channel = self._running().channel
        if not v6 and self._sockets:
            return self._sockets.pop()
        count = 1 if v6 else _SOCKETS_AHEAD
        with self._clock.hold("a socket"):
            _, fds = await channel.ask({"op": "sockets", "v6": v6, "count": count})
        if not v6:
            self._sockets.extend(fds[1:])
        return fds[0]

    async def listen(self, port: int) -> socket.socket:
        """A socket that listens on a port inside, for the host to accept from."""
        _, (fd,) = await self._running().channel.ask({"op": "listen", "port": port})
        return socket.socket(fileno=fd)

    def service(self, port: int) -> Service | None:
        return None

    async def phase(self, name: str) -> None:
        """Nothing is modelled: what takes time here takes it by itself."""

    def _running(self) -> Booted:
        if self._booted is None or self._booted.channel.closed:
            raise ContainerGone("the sandbox has ended")
        return self._booted


def _pipes(stdin: bool) -> tuple[list[int], int, int, int | None]:
    """The program's three descriptors, and our ends of them."""
    read_out, their_out = os.pipe()
    read_err, their_err = os.pipe()
    if stdin:
        their_in, write_in = os.pipe()
    else:
        their_in, write_in = os.open(os.devnull, os.O_RDONLY), None
    return [their_in, their_out, their_err], read_out, read_err, write_in
