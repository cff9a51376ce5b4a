"""The long-lived shell of a session."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from edge.containers.engine import Completed, Output, ShellExited
from sandbox.engines.fake.builtins import ShellExit
from sandbox.engines.fake.interpreter import Interpreter
from sandbox.engines.fake.pipe import Filled, Pipe
from sandbox.engines.fake.shell_redirects import Streams
from sandbox.engines.fake.shell_state import State

if TYPE_CHECKING:
    from sandbox.engines.fake.instance import FakeInstance


class _Telling(Pipe):
    """Hands on what is written to it."""

    def __init__(self, output: Output, stream: Literal["stdout", "stderr"]) -> None:
        super().__init__()
        self._output = output
        self._stream: Literal["stdout", "stderr"] = stream

    async def write(self, data: bytes) -> None:
        await self._output(self._stream, data)

    def end(self) -> None: ...


class FakeShell:
    """`edge.containers.engine.Shell`."""

    def __init__(self, instance: FakeInstance, cwd: str, env: Mapping[str, str]) -> None:
        self._instance = instance
        self._state = State.of(cwd, {**instance.env, **env})
        self._interpreter = Interpreter(instance, self._state, instance.next_pid())
        self._turn = asyncio.Lock()
        self._exited: int | None = None

    async def run(
        self, command: str, output: Output, *, env: Mapping[str, str] | None = None, cwd: str | None = None
    ) -> Completed:
        async with self._turn:
            if self._exited is not None:
                raise ShellExited(self._exited)
            self._instance.alive()
            outside = self._enter(env or {}, cwd)
            streams = Streams(Filled(), _Telling(output, "stdout"), _Telling(output, "stderr"))
            try:
                code = await self._instance.unless_ended(self._interpreter.run(command, streams))
            except ShellExit as leave:
                self._exited = code = await self._interpreter.signals.end(leave.code, streams)
                raise ShellExited(code) from None
            finally:
                self._leave(outside)
            return Completed(code, self._state.cwd)

    def _enter(self, env: Mapping[str, str], cwd: str | None) -> tuple[dict[str, str | None], str | None]:
        """Set what holds for one command; gives what was there before."""
        state = self._state
        if cwd is not None and (
            not self._instance.tree.exists(cwd) or self._instance.tree.stat(cwd).kind != "directory"
        ):
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), cwd)
        before = {name: state.variables.get(name) for name in env}
        state.variables |= env
        state.exported |= set(env)
        here = state.cwd if cwd is not None else None
        state.cwd = cwd if cwd is not None else state.cwd
        return before, here

    def _leave(self, outside: tuple[dict[str, str | None], str | None]) -> None:
        before, cwd = outside
        for name, value in before.items():
            if value is None:
                self._state.variables.pop(name, None)
                self._state.exported.discard(name)
            else:
                self._state.variables[name] = value
        if cwd is not None:
            self._state.cwd = cwd

    async def environment(self) -> dict[str, str]:
        return self._state.environment()

    async def close(self) -> None:
        if self._exited is None:
            self._exited = 0
