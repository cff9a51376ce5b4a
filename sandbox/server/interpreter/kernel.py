"""One interpreter inside the sandbox: a program that runs cells, driven over its pipes.

Source: spec sandbox-and-containers.md section 5.6.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from importlib import resources
from typing import Any

from edge.containers.engine import Connection, ContainerGone, Process
from edge.kernel.tasks import spawn_outside
from sandbox.server.errors import ApiError
from sandbox.server.host import Host
from sandbox.server.reply import Stop
from sandbox.server.running import SIGKILL

SPAWN_TIMEOUT_S = 60.0
_SIGINT = 2
_INTERRUPT_GRACE_S = 2.0
_INTERRUPT_AGAIN_S = 0.5
#: Node has no handler for SIGINT while it enters a cell, and tells nobody when it has: it would end.
_ENTERING_S = 0.05
#: Events that wait for a reader before the program is held back.
_EVENTS_MAX = 256
#: The longest event: a line of a program that never ends one must not fill the memory.
_LINE_BYTES_MAX = 64 * 1024 * 1024
_COMPLAINT_BYTES_MAX = 2048
_RECORD = b"\x1e"

_COMMANDS = {
    "python": (("python3", "-u", "-c"), ("python", "-u", "-c")),
    "javascript": (("node", "-e"),),
}
_PROGRAMS = {"python": "python_cells.py", "javascript": "javascript_cells.js"}
_MISSING = {
    "python": (
        "PYTHON_NOT_AVAILABLE",
        "Python interpreter is not available in this image. Use the -python variant of the image.",
    ),
    "javascript": ("JAVASCRIPT_NOT_AVAILABLE", "JavaScript interpreter is not available in this image."),
}

Event = dict[str, Any]


class Execution:
    """One cell: its events, until it is complete."""

    def __init__(self) -> None:
        self._events: asyncio.Queue[Event | None] = asyncio.Queue(_EVENTS_MAX)
        self._abandoned = False
        #: Set when the program runs it, and when it never will.
        self.begun = asyncio.Event()
        self.complete: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.timed_out = False

    async def put(self, event: Event | None) -> None:
        """Add an event (None after the last); waits while the reader is behind."""
        if not self._abandoned:
            await self._events.put(event)

    async def events(self, stop: Stop) -> AsyncIterator[Event]:
        """Every event as it comes. The cell runs on when nobody reads any more."""
        while not stop and (event := await self._events.get()) is not None:
            yield event

    def abandon(self) -> None:
        """Nobody reads any more: let go whoever waits to put or to get something."""
        self._abandoned = True
        while not self._events.empty():
            self._events.get_nowait()
        self._events.put_nowait(None)


class Kernel:
    """A running interpreter. Made by `start`."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._turn = asyncio.Lock()
        self._execution: Execution | None = None
        self._ready: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        self._stderr: asyncio.Task[None] | None = None
        self._reader = spawn_outside(self._read(), name="interpreter")
        self._complaint = b""  # what it printed to stderr before it was ready
        self.ended = False
        #: Whether it runs TypeScript, too.
        self.typescript = False

    @classmethod
    async def start(cls, host: Host, language: str, *, cwd: str, env: Mapping[str, str]) -> Kernel:
        """Start the interpreter of a language ("python" or "javascript").

        Raises ApiError when the image lacks it or it does not come up in time.
        """
        folder = resources.files("sandbox.server.interpreter.programs")
        program = (folder / _PROGRAMS[language]).read_text()
        process = await cls._spawn(host, language, program, cwd, env)
        kernel = cls(process)
        if process.stderr is not None:
            kernel._stderr = spawn_outside(kernel._read_stderr(process.stderr), name="interpreter stderr")
        try:
            async with asyncio.timeout(SPAWN_TIMEOUT_S):
                kernel.typescript = bool((await kernel._ready).get("typescript"))
        except TimeoutError as error:
            await kernel.close()
            message = f"The {language} interpreter did not start within {SPAWN_TIMEOUT_S:g} seconds"
            raise ApiError("INTERPRETER_NOT_READY", message, {"retryAfter": 1}) from error
        return kernel

    @staticmethod
    async def _spawn(host: Host, language: str, program: str, cwd: str, env: Mapping[str, str]) -> Process:
        for command in _COMMANDS[language]:
            try:
                return await host.instance.spawn((*command, program), cwd=cwd, env=env, stdin=True)
            except FileNotFoundError:
                continue
        code, message = _MISSING[language]
        raise ApiError(code, message, {"language": language})

    def begin(
        self, code: str, env: Mapping[str, str], *, typescript: bool, timeout_ms: float | None
    ) -> Execution:
        """Run a cell after those that came before. When it takes longer than `timeout_ms` it is interrupted,
        and the interpreter is ended when that does not help."""
        execution = Execution()
        request = {"code": code, "env": dict(env), "typescript": typescript}
        spawn_outside(self._drive(execution, request, timeout_ms), name="interpreter cell")
        return execution

    async def _drive(self, execution: Execution, request: dict[str, Any], timeout_ms: float | None) -> None:
        async with self._turn:
            self._execution = execution
            if not self.ended:
                await self._send(request)
                await self._until_complete(execution, timeout_ms)
            if self.ended and not execution.timed_out:
                await execution.put(_error("InterpreterError", "The interpreter ended during the execution"))
            self._execution = None
            await execution.put(None)

    async def _until_complete(self, execution: Execution, timeout_ms: float | None) -> None:
        try:
            async with asyncio.timeout(None if timeout_ms is None else timeout_ms / 1000):
                await asyncio.shield(execution.complete)
            return
        except TimeoutError:
            execution.timed_out = True
            told = f"Execution timed out after {timeout_ms:g}ms"
        await execution.put(_error("TimeoutError", told))
        try:
            async with asyncio.timeout(_INTERRUPT_GRACE_S):
                if not execution.begun.is_set():
                    await execution.begun.wait()  # the program disregards what comes before
                    await _is_over(execution, _ENTERING_S)
                while not execution.complete.done():
                    # Again, because one that comes between the word of its beginning and the cell is lost.
                    await self._process.signal(_SIGINT)
                    await _is_over(execution, _INTERRUPT_AGAIN_S)
        except (TimeoutError, ContainerGone):
            await self.close()

    async def _send(self, request: dict[str, Any]) -> None:
        try:
            await self._process.io.write(json.dumps(request).encode() + b"\n")
        except (BrokenPipeError, ContainerGone):
            await self._reader  # it reads to the end, and says so

    async def close(self) -> None:
        """End the interpreter and what it started."""
        try:
            await self._process.signal(SIGKILL, group=True)
        except ContainerGone:
            self._end()
        await self._reader

    # -- what the program says ----------------------------------------------------------------------

    async def _read(self) -> None:
        held = b""
        try:
            while data := await self._process.io.read():
                *lines, held = (held + data).split(b"\n")
                for line in lines:
                    await self._take(line)
                if len(held) > _LINE_BYTES_MAX:
                    await self._process.signal(SIGKILL, group=True)
                    break
        except ContainerGone:
            held = b""
        finally:
            if not self._ready.done() and self._stderr is not None:
                await asyncio.gather(self._stderr, return_exceptions=True)  # why it did not come up
            self._end()
            await self._process.io.close()

    async def _take(self, line: bytes) -> None:
        if not line.startswith(_RECORD):
            await self._put({"type": "stdout", "text": line.decode(errors="replace") + "\n"})
            return
        event = json.loads(line[1:])
        if event["type"] == "ready":
            self._ready.set_result(event)
        elif event["type"] == "begun":
            if self._execution is not None:
                self._execution.begun.set()
        elif self._execution is not None:
            execution = self._execution
            if not (execution.timed_out and event["type"] == "error"):  # the interrupt was ours
                await execution.put(event)
            if event["type"] == "execution_complete" and not execution.complete.done():
                execution.complete.set_result(None)

    async def _read_stderr(self, source: Connection) -> None:
        """What the interpreter itself complains about, or a child in place of it."""
        try:
            while data := await source.read():
                if not self._ready.done():
                    self._complaint = (self._complaint + data)[-_COMPLAINT_BYTES_MAX:]
                await self._put({"type": "stderr", "text": data.decode(errors="replace")})
        except ContainerGone:
            self._end()
        finally:
            await source.close()

    async def _put(self, event: Event) -> None:
        if self._execution is not None:
            await self._execution.put(event)

    def _end(self) -> None:
        self.ended = True
        if not self._ready.done():
            told = f"The interpreter ended at its start: {self._complaint.decode(errors='replace').strip()}"
            self._ready.set_exception(ApiError("INTERPRETER_NOT_READY", told))
        if self._execution is not None and not self._execution.complete.done():
            self._execution.begun.set()
            self._execution.complete.set_result(None)


async def _is_over(execution: Execution, limit_s: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(asyncio.shield(execution.complete), limit_s)


def _error(name: str, text: str) -> Event:
    return {"type": "error", "ename": name, "evalue": text, "traceback": []}
