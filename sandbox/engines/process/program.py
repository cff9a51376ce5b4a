"""A program that runs in a sandbox, as the host sees it."""

from __future__ import annotations

import asyncio

from edge.containers.engine import ContainerGone
from sandbox.engines.process.channel import Channel
from sandbox.engines.process.pipes import FdConnection


class Program:
    """Implements `edge.containers.engine.Process`."""

    def __init__(self, channel: Channel, pid: int, io: FdConnection, stderr: FdConnection | None) -> None:
        self._channel = channel
        self._pid = pid
        self._io = io
        self._stderr = stderr
        self._ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    @property
    def pid(self) -> int:
        return self._pid

    @property
    def io(self) -> FdConnection:
        return self._io

    @property
    def stderr(self) -> FdConnection | None:
        return self._stderr

    async def wait(self) -> int:
        return await asyncio.shield(self._ended)

    async def signal(self, number: int, *, group: bool = False) -> None:
        if self._ended.done():
            return
        request = {"op": "signal", "pid": self._pid, "number": number, "group": group}
        try:
            await self._channel.ask(request)
        except (ProcessLookupError, ContainerGone):
            return  # it has ended meanwhile

    async def resize(self, cols: int, rows: int) -> None:
        if not self._ended.done() and (fd := self._io.fileno()) >= 0:
            await self._channel.ask({"op": "resize", "cols": cols, "rows": rows}, [fd])

    # -- told by the sandbox

    def has_ended(self, code: int) -> None:
        if not self._ended.done():
            self._ended.set_result(code)

    def is_gone(self) -> None:
        """The sandbox ended with it."""
        if not self._ended.done():
            self._ended.set_exception(ContainerGone("the sandbox has ended"))
            self._ended.exception()  # nobody may be waiting: that is no oversight
