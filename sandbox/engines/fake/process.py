"""Processes of a fake container: tasks that run a program."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from edge.containers.engine import Connection, ContainerGone, Terminal
from edge.kernel.tasks import spawn_outside
from sandbox.engines.fake.pipe import Pipe, PipeEnd

if TYPE_CHECKING:
    from edge.containers.engine import Service
    from edge.kernel.clock import Clock
    from sandbox.engines.fake.instance import FakeInstance
    from sandbox.engines.fake.terminal import FakeTerminal
    from sandbox.engines.fake.tree import Tree

#: A program: it runs until it returns its exit code.
Program = Callable[["FakeProcess"], Awaitable[int]]
#: What serves a raw connection to a port.
Raw = Callable[[Connection], Awaitable[None]]


class FakeProcess:
    """A running program, as the program itself sees it."""

    def __init__(
        self,
        instance: FakeInstance,
        argv: tuple[str, ...],
        env: Mapping[str, str],
        cwd: str,
        stdin: Pipe,
        stdout: Pipe,
        stderr: Pipe,
    ) -> None:
        self.instance = instance
        self.argv = argv
        self.env = dict(env)
        self.cwd = cwd
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr
        self.pid = instance.next_pid()
        self.group = self.pid
        #: Called with the number of a signal; without one TERM, INT, HUP and KILL end the program.
        self.on_signal: Callable[[int], bool] | None = None
        #: A part of a shell, not a program of its own: `ps` does not list it.
        self.hidden = False
        #: Where its user sits, if it has one.
        self.terminal: FakeTerminal | None = None
        self._ports: list[int] = []
        self._task: asyncio.Task[int] | None = None
        self._begun = False
        self._killed_by: int | None = None

    @property
    def files(self) -> Tree:
        return self.instance.tree

    @property
    def clock(self) -> Clock:
        return self.instance.clock

    async def say(self, text: str) -> None:
        """Print."""
        await self.stdout.write(text.encode())

    async def complain(self, text: str) -> None:
        """Print to stderr."""
        await self.stderr.write(text.encode())

    async def read_all(self) -> bytes:
        """Everything on stdin."""
        parts = []
        while data := await self.stdin.read():
            parts.append(data)
        return b"".join(parts)

    def listen(self, port: int, service: Service) -> None:
        """Answer HTTP requests and WebSockets to a port until this program ends. Raises OSError."""
        self.instance.listen(port, service)
        self._ports.append(port)

    def listen_raw(self, port: int, serve: Raw) -> None:
        """Serve connections to a port until this program ends. Raises OSError."""
        self.instance.listen_raw(port, serve)
        self._ports.append(port)

    # -- life

    def run(self, program: Program) -> None:
        """Start. The program's end closes its output."""
        self.instance.processes[self.pid] = self
        self._task = spawn_outside(self._live(program), name=f"fake {self.argv[0]}")

    async def _live(self, program: Program) -> int:
        self._begun = True
        code = 1
        try:
            code = 128 + self._killed_by if self._killed_by is not None else await program(self)
        except asyncio.CancelledError:
            code = 128 + (self._killed_by or signal.SIGKILL)
        except BrokenPipeError:
            code = 128 + signal.SIGPIPE
        except Exception as failure:
            with contextlib.suppress(BrokenPipeError):
                await self.stderr.write(f"{self.argv[0]}: {type(failure).__name__}: {failure}\n".encode())
        finally:
            for port in self._ports:
                self.instance.unlisten(port)
            self.stdout.end()
            self.stderr.end()
            self.stdin.drop()
            self.instance.processes.pop(self.pid, None)
        return code

    async def wait(self) -> int:
        assert self._task is not None
        return await asyncio.shield(self._task)

    @property
    def running(self) -> bool:
        return self._task is not None and not self._task.done()

    def signal(self, number: int) -> None:
        """Deliver a signal; KILL cannot be refused."""
        if self._task is None or self._task.done() or number == 0:
            return
        if number != signal.SIGKILL and self.on_signal is not None and self.on_signal(number):
            return
        if number in (
            signal.SIGTERM,
            signal.SIGINT,
            signal.SIGHUP,
            signal.SIGKILL,
            signal.SIGQUIT,
            signal.SIGPIPE,
        ):
            self._killed_by = number
            if self._begun:  # else it ends with its first step
                self._task.cancel()


class Handle:
    """`edge.containers.engine.Process`: the same program from outside."""

    def __init__(self, process: FakeProcess) -> None:
        self._process = process
        terminal = process.terminal
        self._stderr: Connection | None = None
        if terminal is not None:
            self._io = PipeEnd(terminal.screen, terminal.keys)
        else:
            self._io = PipeEnd(process.stdout, process.stdin)
            self._stderr = PipeEnd(process.stderr, Pipe())

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def io(self) -> Connection:
        return self._io

    @property
    def stderr(self) -> Connection | None:
        return self._stderr

    async def wait(self) -> int:
        code = await self._process.wait()
        if self._process.instance.ended:
            raise ContainerGone("the container has ended")
        return code

    async def signal(self, number: int, *, group: bool = False) -> None:
        members = [self._process]
        if group:
            everyone = list(self._process.instance.processes.values())
            members = [one for one in everyone if one.group == self._process.group]
        for member in members:
            member.signal(number)

    async def resize(self, cols: int, rows: int) -> None:
        if self._process.terminal is not None:
            self._process.terminal.size = Terminal(cols, rows)
