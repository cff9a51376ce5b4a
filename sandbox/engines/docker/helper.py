"""A shell of our own in a container, kept open for what the daemon does slowly or not at all: files, signals.

Source of the figures: docs/performance.md.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from edge.containers.engine import ContainerGone, ShellExited
from edge.kernel.tasks import spawn_outside
from sandbox.server.pipe_shell import PipeShell

if TYPE_CHECKING:
    from edge.containers.engine import Instance

#: The functions that it has.
LIBRARY = (Path(__file__).parent / "files.sh").read_bytes()
#: Tools speak English, and tell the time in one zone.
ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC0"}
_COULD_NOT_WRITE = 99


@dataclass(frozen=True)
class Answer:
    """How a command of ours went."""

    exit_code: int
    stdout: bytes
    stderr: bytes


class _Heard:
    """What a command prints; `content` is sent as soon as it says `go`."""

    def __init__(self, shell: PipeShell, content: bytes | None) -> None:
        self._shell = shell
        self._content = content
        self.printed = {"stdout": bytearray(), "stderr": bytearray()}

    async def __call__(self, stream: Literal["stdout", "stderr"], data: bytes) -> None:
        self.printed[stream] += data
        if self._content is not None and self.printed["stdout"] == b"go\n":
            content, self._content = self._content, None
            # Beside this: the shell's streams must be read while it takes what we send.
            spawn_outside(self._shell.feed(content), name="content of a file")


class Helper:
    """Opens its shell when it is first needed, and again when it was killed."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._shell: PipeShell | None = None
        self._turn = asyncio.Lock()

    async def do(self, command: str, content: bytes | None = None) -> Answer:
        """Run one command; `content` is what it takes from descriptor 5. Raises ContainerGone."""
        # A command that was begun is brought to its end, whoever stops waiting: the next one follows it.
        return await asyncio.shield(spawn_outside(self._in_turn(command, content), name="container helper"))

    async def _in_turn(self, command: str, content: bytes | None) -> Answer:
        async with self._turn:
            for last in (False, True):
                shell = await self._open()
                heard = _Heard(shell, content)
                try:
                    done = await shell.run(command, heard)
                except ShellExited as exited:
                    self._shell = None
                    await shell.close()
                    if exited.exit_code != _COULD_NOT_WRITE and not last:
                        continue  # somebody inside killed it
                    return Answer(exited.exit_code, b"", bytes(heard.printed["stderr"]))
                return Answer(done.exit_code, *(bytes(heard.printed[name]) for name in ("stdout", "stderr")))
        raise ContainerGone("the container's shell cannot be kept")

    async def _open(self) -> PipeShell:
        if self._shell is None:
            shell = await PipeShell.open(self._instance, cwd="/", env=ENVIRONMENT, shells=(("sh",),))
            await shell.feed(LIBRARY + b"umask 022; exec 5<&0\n")
            self._shell = shell
        return self._shell
