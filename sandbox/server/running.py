"""A program that runs: its two outputs are read for as long as they last, and its end is awaited.

A program may end while a child of it still holds its output open (`server &`): it counts as ended shortly
after, and the child's output is read and dropped, so that the child never blocks on a full pipe.
"""

from __future__ import annotations

import asyncio
from typing import Literal

from edge.containers.engine import Connection, ContainerGone, Output, Process
from edge.kernel.tasks import give_way, spawn_outside

_LAST_WORDS_S = 0.25  # how long output of a program that ended may still be on its way
_LAST_WORDS_BYTES = 2 * 1024 * 1024  # and how much of it: more than pipes and buffers hold is somebody else's
SIGTERM, SIGKILL = 15, 9
TERM_GRACE_S = 5.0

#: Who reads as much at once may always find more: it gives way to others in between.
BUSY_BYTES = 32 * 1024
#: What may be buffered of the output of one `exec`.
OUTPUT_BYTES_MAX = 32 * 1024 * 1024


class OutputTooLarge(Exception):
    """A command printed more than one result may hold."""


class Collected:
    """An Output that keeps what a command prints. Raises OutputTooLarge beyond the limit."""

    def __init__(self) -> None:
        self._parts: dict[str, list[bytes]] = {"stdout": [], "stderr": []}
        self._bytes = 0

    async def __call__(self, stream: Literal["stdout", "stderr"], data: bytes) -> None:
        self._bytes += len(data)
        if self._bytes > OUTPUT_BYTES_MAX:
            self._parts = {"stdout": [], "stderr": []}
            raise OutputTooLarge(
                f"Output exceeds the {OUTPUT_BYTES_MAX // 1024 // 1024} MiB limit of one command"
            )
        self._parts[stream].append(data)

    def text(self, stream: Literal["stdout", "stderr"]) -> str:
        return b"".join(self._parts[stream]).decode(errors="replace")


class Running:
    """Follows a process that was started."""

    def __init__(self, process: Process, output: Output) -> None:
        self.process = process
        self._output: Output | None = output
        self.failure: Exception | None = None
        self._handing_out = 0
        self._last_bytes: int | None = None
        streams: list[tuple[Literal["stdout", "stderr"], Connection]] = [("stdout", process.io)]
        if process.stderr is not None:
            streams.append(("stderr", process.stderr))
        self._pumps = [spawn_outside(self._pump(*stream), name=f"pump {stream[0]}") for stream in streams]

    async def ended(self) -> int:
        """The exit code, once its output has been handed on. Raises ContainerGone, and what the Output
        raised."""
        code = await self.process.wait()
        self._last_bytes = _LAST_WORDS_BYTES
        pumping = asyncio.gather(*self._pumps)
        while not pumping.done():
            try:
                async with asyncio.timeout(_LAST_WORDS_S):
                    await asyncio.shield(pumping)
            except TimeoutError:
                if not self._handing_out:
                    break  # the rest of the output is a child's
        self._output = None
        if self.failure is not None:
            raise self.failure
        return code

    async def terminate(self) -> None:
        """SIGTERM to the process group, and after 5 seconds SIGKILL."""
        await self.process.signal(SIGTERM, group=True)
        try:
            async with asyncio.timeout(TERM_GRACE_S):
                await self.process.wait()
        except TimeoutError:
            await self.process.signal(SIGKILL, group=True)
            await self.process.wait()

    async def _pump(self, stream: Literal["stdout", "stderr"], source: Connection) -> None:
        try:
            while data := await source.read():
                await self._hand_out(stream, data)
                if len(data) >= BUSY_BYTES:
                    await give_way()
        except ContainerGone as gone:
            self.failure = self.failure or gone
        finally:
            await source.close()

    async def _hand_out(self, stream: Literal["stdout", "stderr"], data: bytes) -> None:
        if self._last_bytes is not None:
            self._last_bytes -= len(data)
        if self._output is None or (self._last_bytes is not None and self._last_bytes < 0):
            return
        self._handing_out += 1
        try:
            await self._output(stream, data)
        except Exception as error:
            self._output = None
            self.failure = self.failure or error
            await self.process.signal(SIGKILL, group=True)  # whose output nobody can take need not go on
        finally:
            self._handing_out -= 1
