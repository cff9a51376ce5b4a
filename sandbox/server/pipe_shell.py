"""A session's shell over the pipes of one long-lived process: the Shell protocol for any Instance.

Commands are written to the shell's input, one at a time; their output is what the pipes carry up to a
marker (`shell_script.py`). What background jobs of an earlier command print meanwhile is mixed in, and
between two commands it is read and dropped, so that they never block on a full pipe.

Source: spec sandbox-and-containers.md section 6.
"""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Mapping, Sequence
from typing import Literal

from edge.containers.engine import (
    Completed,
    Connection,
    ContainerGone,
    Instance,
    Output,
    Process,
    ShellExited,
)
from edge.kernel.random import RandomStreams
from edge.kernel.tasks import give_way, spawn_outside
from sandbox.server.running import BUSY_BYTES
from sandbox.server.shell_script import PROLOGUE, OutputScanner, checked_name, script

_SHELLS = (("bash", "--norc", "--noprofile"), ("sh",))
_LAST_WORDS_S = 0.25  # how long output of a shell that ended may still be on its way
_SIGKILL = 9


class _Running:
    """The command that runs, until the shell has reported its end on both streams."""

    def __init__(self, halves: tuple[str, str], output: Output) -> None:
        self.scanners = {"stdout": OutputScanner(halves), "stderr": OutputScanner(halves)}
        self.reports: dict[str, bytes] = {}
        self.output: Output | None = output
        self.done: asyncio.Future[Completed] = asyncio.get_running_loop().create_future()
        # The one who asked may be gone when it fails: then nobody has to hear of it.
        self.done.add_done_callback(lambda done: done.cancelled() or done.exception())

    def completed(self) -> Completed:
        status, _, cwd = self.reports["stdout"].partition(b" ")
        return Completed(int(status), cwd.removesuffix(b"\n").decode("utf-8", "surrogateescape"))


class PipeShell:
    """A shell that persists from one command to the next. Made by `open`."""

    def __init__(self, process: Process) -> None:
        assert process.stderr is not None, "a shell's stderr is a stream of its own"
        self._process = process
        self._markers = RandomStreams().fresh("shell markers")
        self._running: _Running | None = None
        self._idle = asyncio.Event()
        self._ended: ShellExited | ContainerGone | None = None
        self._pumps = [
            spawn_outside(self._pump("stdout", process.io), name="shell stdout"),
            spawn_outside(self._pump("stderr", process.stderr), name="shell stderr"),
        ]
        self._watch = spawn_outside(self._until_exit(), name="shell exit")

    @classmethod
    async def open(
        cls,
        instance: Instance,
        *,
        cwd: str,
        env: Mapping[str, str],
        shells: Sequence[tuple[str, ...]] = _SHELLS,
    ) -> PipeShell:
        """Start the first of `shells` that there is, in `cwd` with `env` added to the container's.

        Raises FileNotFoundError when `cwd` or all shells are missing, ValueError for a variable that no
        shell can export, ContainerGone.
        """
        for name in env:
            checked_name(name)
        shell = cls(await _start(instance, shells, env))
        try:
            await shell._send(PROLOGUE)
            moved = await shell.run(f"command cd -- {shlex.quote(cwd)}", _drop)
        except BaseException:
            await shell.close()
            raise
        if moved.exit_code != 0:
            await shell.close()
            raise FileNotFoundError(2, "No such file or directory", cwd)
        return shell

    async def run(
        self, command: str, output: Output, *, env: Mapping[str, str] | None = None, cwd: str | None = None
    ) -> Completed:
        """Run a command line in the shell itself; `env` and `cwd` hold for this command only.

        When the caller is cancelled the command runs on, and the next one waits for its end. Raises
        ShellExited when the shell ended, ContainerGone, ValueError for NUL bytes.
        """
        halves = (f"{self._markers.getrandbits(32):08x}", f"{self._markers.getrandbits(32):08x}")
        text = script(command, halves, env=env or {}, cwd=cwd)
        while self._running is not None:
            await self._idle.wait()
        if self._ended is not None:
            raise self._ended
        running = self._running = _Running(halves, output)
        self._idle.clear()
        try:
            await self._send(text)
            return await asyncio.shield(running.done)
        except asyncio.CancelledError:
            running.output = None
            raise

    async def feed(self, data: bytes) -> None:
        """Write to the shell's own input: what the command that runs reads from there, else commands that
        print nothing. Raises ContainerGone by way of the next `run`."""
        await self._send(data)

    async def environment(self) -> dict[str, str]:
        """The exported variables as they are now."""
        printed = bytearray()

        async def collect(stream: Literal["stdout", "stderr"], data: bytes) -> None:
            if stream == "stdout":
                printed.extend(data)

        await self.run("command env -0 2>/dev/null || command cat /proc/self/environ", collect)
        lines = printed.decode("utf-8", "surrogateescape").split("\0")
        pairs = (line.partition("=") for line in lines if "=" in line)
        return {name: value for name, _, value in pairs if name != "_" and not name.startswith("__edge_")}

    async def close(self) -> None:
        """End the shell and all that runs in its process group."""
        try:
            await self._process.signal(_SIGKILL, group=True)
        except ContainerGone:
            self._end(ContainerGone("the container is gone"))
        await self._watch

    # -- the streams ------------------------------------------------------------------------------

    async def _send(self, text: bytes) -> None:
        try:
            await self._process.io.write(text)
        except BrokenPipeError:
            await self._watch  # it ended before it read the command; the watch says how
        except ContainerGone as gone:
            self._end(gone)

    async def _pump(self, stream: Literal["stdout", "stderr"], source: Connection) -> None:
        """Read a stream for as long as it lasts, for whichever command runs."""
        try:
            while data := await source.read():
                if len(data) >= BUSY_BYTES:
                    await give_way()
                running = self._running
                if running is None or stream in running.reports:
                    continue
                printed, report = running.scanners[stream].feed(data)
                if printed:
                    await self._hand_out(running, stream, printed)
                if report is not None:
                    self._reported(running, stream, report)
        except ContainerGone as gone:
            self._end(gone)

    def _reported(self, running: _Running, stream: str, report: bytes) -> None:
        running.reports[stream] = report
        if len(running.reports) == 2 and self._running is running:
            self._running = None
            self._idle.set()
            if not running.done.done():
                running.done.set_result(running.completed())

    async def _hand_out(self, running: _Running, stream: Literal["stdout", "stderr"], data: bytes) -> None:
        if running.output is None:
            return
        try:
            await running.output(stream, data)
        except Exception as error:
            running.output = None  # the command runs on, its output goes nowhere
            if not running.done.done():
                running.done.set_exception(error)

    async def _until_exit(self) -> None:
        try:
            code = await self._process.wait()
        except ContainerGone as gone:
            self._end(gone)
            return
        try:
            async with asyncio.timeout(_LAST_WORDS_S):
                await asyncio.gather(*self._pumps)
        except TimeoutError:
            self._end(ShellExited(code))  # a background job still holds the pipes open
        self._end(ShellExited(code))

    def _end(self, how: ShellExited | ContainerGone) -> None:
        if self._ended is None:
            self._ended = how
            for pump in self._pumps:
                if pump is not asyncio.current_task():
                    pump.cancel()
            running, self._running = self._running, None
            self._idle.set()
            if running is not None and not running.done.done():
                running.done.set_exception(how)


async def _start(instance: Instance, shells: Sequence[tuple[str, ...]], env: Mapping[str, str]) -> Process:
    missing: FileNotFoundError | None = None
    for argv in shells:
        try:
            return await instance.spawn(argv, env=env, stdin=True)
        except FileNotFoundError as error:
            missing = error
    assert missing is not None
    raise missing


async def _drop(stream: str, data: bytes) -> None:
    """An output that nobody reads."""
