"""Byte streams over raw descriptors: pipes, terminals and sockets, with backpressure and without buffers.

Nothing is read before somebody asks, so a program that prints for ever fills its pipe and stops.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Callable

from edge.containers.engine import ContainerGone

_END_OF_TRANSMISSION = b"\x04"


class FdConnection:
    """A connection over a descriptor to read from and one to write to; one for both where it is a socket."""

    def __init__(self, read_fd: int, write_fd: int | None, *, terminal: bool = False) -> None:
        self._read_fd: int | None = read_fd
        self._write_fd = write_fd
        self._terminal = terminal
        self._loop = asyncio.get_running_loop()
        self._waiters: dict[tuple[str, int], asyncio.Future[None]] = {}
        for fd in {read_fd, write_fd} - {None}:
            os.set_blocking(fd, False)  # type: ignore[arg-type]

    async def read(self, limit: int = 65536) -> bytes:
        while self._read_fd is not None:
            try:
                return os.read(self._read_fd, limit)
            except BlockingIOError:
                await self._ready("read", self._read_fd)
            except OSError as error:
                if error.errno == errno.EIO and self._terminal:  # no program has the terminal open any more
                    return b""
                if isinstance(error, ConnectionError):
                    raise ContainerGone("Network connection lost.") from error
                raise
        return b""

    async def write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            if self._write_fd is None:
                raise BrokenPipeError(errno.EPIPE, "the stream is closed")
            try:
                rest = rest[os.write(self._write_fd, rest) :]
            except BlockingIOError:
                await self._ready("write", self._write_fd)
            except ConnectionResetError as error:
                raise BrokenPipeError(errno.EPIPE, "nobody reads any more") from error
            except OSError as error:
                if error.errno == errno.EIO and self._terminal:
                    raise BrokenPipeError(errno.EPIPE, "the terminal is closed") from error
                raise

    async def write_eof(self) -> None:
        if self._write_fd is None:
            return
        if self._terminal:
            await self.write(_END_OF_TRANSMISSION)
        elif self._write_fd != self._read_fd:
            self._close_fd(self._write_fd)
            self._write_fd = None
        else:
            with socket.socket(fileno=os.dup(self._write_fd)) as twin:
                try:
                    twin.shutdown(socket.SHUT_WR)
                except OSError as error:
                    if error.errno != errno.ENOTCONN:  # the other side has gone already
                        raise

    async def close(self) -> None:
        self.release()

    def release(self) -> None:
        """Close at once; whoever waits for it sees the end."""
        for fd in {self._read_fd, self._write_fd}:
            if fd is not None:
                self._close_fd(fd)
        self._read_fd = self._write_fd = None

    def __del__(self) -> None:
        # Whoever started a program need not read what it prints, nor close its pipes.
        for fd in {self._read_fd, self._write_fd}:
            if fd is not None:
                os.close(fd)

    def fileno(self) -> int:
        """The descriptor that is read from; -1 once closed."""
        return -1 if self._read_fd is None else self._read_fd

    def _close_fd(self, fd: int) -> None:
        for direction in ("read", "write"):
            waiter = self._waiters.get((direction, fd))
            if waiter is not None and not waiter.done():
                waiter.set_result(None)
            self._unwatch(direction, fd)
        os.close(fd)

    async def _ready(self, direction: str, fd: int) -> None:
        waiter = self._loop.create_future()
        self._waiters[direction, fd] = waiter
        watch: Callable[..., None] = self._loop.add_reader if direction == "read" else self._loop.add_writer
        watch(fd, _wake, waiter)
        try:
            await waiter
        finally:
            if self._waiters.get((direction, fd)) is waiter:
                self._unwatch(direction, fd)

    def _unwatch(self, direction: str, fd: int) -> None:
        if self._waiters.pop((direction, fd), None) is not None:
            (self._loop.remove_reader if direction == "read" else self._loop.remove_writer)(fd)


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
