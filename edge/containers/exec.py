"""`ctx.container.exec()`: a program in the container, its streams and its end.

Source: spec sandbox-and-containers.md section 2; workerd's container API (texts of errors).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

from edge.containers.engine import Connection, ContainerGone, Instance, Process
from edge.containers.exec_options import ExecOptions
from edge.containers.options import absent
from edge.http.abort import AbortSignal
from edge.http.buffers import array_buffer
from edge.http.httpx_transport import connection_lost
from edge.http.streams.readable import ReadableStream, chunk_bytes
from edge.http.streams.source import END
from edge.http.streams.writable import WritableStream
from edge.js.errors import error, range_error, type_error
from edge.js.functions import js_method
from edge.js.promise import JsPromise
from edge.js.proxy import JsProxy, jsnull
from edge.js.webidl import to_int32
from edge.kernel.tasks import spawn, spawn_outside

SIGTERM: Final = 15
SIGNAL_MAX: Final = 64
_PIECES: Final = 16  # of merged output that wait for their reader


async def start_program(instance: Instance, command: tuple[str, ...], options: ExecOptions) -> ExecProcess:
    """Start it. Raises JsException when it cannot."""
    try:
        process = await instance.spawn(
            command,
            cwd=options.cwd or "/",
            env=options.env,
            stdin=options.stdin is not False,
            terminal=options.terminal,
        )
    except ContainerGone:
        raise connection_lost() from None
    except OSError as failure:
        raise error(f"exec() failed: {failure.strerror or failure}: {command[0]}") from None
    return ExecProcess(process, options)


class ExecOutput(JsProxy, js_name="ExecOutput"):
    """All that a program printed, and its exit code."""

    __slots__ = ("exitCode", "stderr", "stdout")

    def __init__(self, stdout: bytes, stderr: bytes, exit_code: int) -> None:
        self.stdout = array_buffer(stdout)
        self.stderr = array_buffer(stderr)
        self.exitCode = exit_code


class ExecProcess(JsProxy, js_name="ExecProcess"):
    """A program that was started."""

    __slots__ = ("_exit", "_output_called", "_process", "_stderr", "_stdout", "isPty", "stdin")

    def __init__(self, process: Process, options: ExecOptions) -> None:
        self._process = process
        self._output_called = False
        self.isPty = options.terminal is not None
        self.stdin: Any = jsnull
        if isinstance(options.stdin, ReadableStream):
            # A task of the object: reading the stream may run its code.
            spawn(_feed(options.stdin, process.io), name="container.exec stdin").add_done_callback(_seen)
        elif options.stdin:
            self.stdin = WritableStream(_Input(process.io))
        self._stdout, self._stderr = _outputs(process, options)
        self._exit = spawn_outside(_exit_code(process), name="container.exec")
        self._exit.add_done_callback(_seen)
        if options.signal is not None:
            _end_with(options.signal, self)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def stdout(self) -> Any:
        return self._stdout or jsnull

    @property
    def stderr(self) -> Any:
        return self._stderr or jsnull

    @property
    def exitCode(self) -> JsPromise:
        return JsPromise.of(self._exit)

    @js_method
    def output(self) -> JsPromise:
        """All of both streams, once it has ended; can be asked for once."""
        if self._output_called:
            return JsPromise.rejected(type_error("output() can only be called once."))
        self._output_called = True
        for name, stream in (("stdout", self._stdout), ("stderr", self._stderr)):
            if stream is not None and stream.disturbed:
                told = f"Cannot call output() after {name} has started being consumed."
                return JsPromise.rejected(type_error(told))
        return JsPromise.start(self._collect(), name="container.exec output")

    async def _collect(self) -> ExecOutput:
        stdout, stderr = await asyncio.gather(_all_of(self._stdout), _all_of(self._stderr))
        return ExecOutput(stdout, stderr, await asyncio.shield(self._exit))

    @js_method
    def kill(self, signal: Any = None) -> None:
        number = SIGTERM if absent(signal) else to_int32(signal)
        if not 0 < number <= SIGNAL_MAX:
            raise range_error("Invalid signal number.")
        spawn_outside(self._process.signal(number), name="container.exec kill").add_done_callback(_seen)

    @js_method
    def resize(self, cols: Any = None, rows: Any = None) -> JsPromise:
        """Change the size of its terminal."""
        return JsPromise.start(
            self._process.resize(to_int32(cols), to_int32(rows)), name="container.exec resize"
        )


def _outputs(process: Process, options: ExecOptions) -> tuple[ReadableStream | None, ReadableStream | None]:
    if options.stderr == "combined" and process.stderr is not None:
        return ReadableStream.from_chunks(_merged(process.io, process.stderr)), None
    found: list[ReadableStream | None] = []
    for connection, mode in ((process.io, options.stdout), (process.stderr, options.stderr)):
        if connection is not None and mode == "ignore":
            spawn_outside(_drain(connection), name="container.exec drain").add_done_callback(_seen)
        readable = connection is not None and mode != "ignore"
        found.append(ReadableStream(_Printed(connection)) if readable and connection is not None else None)
    return found[0], found[1]


class _Printed:
    """What a program prints (`edge.http.streams.source.Source`)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def pull(self) -> Any:
        try:
            return await self._connection.read() or END
        except (ContainerGone, OSError):
            raise connection_lost() from None

    async def cancel(self, reason: Any) -> None:
        await self._connection.close()


class _Input:
    """What a program reads (`edge.http.streams.writable.Sink`)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def write(self, chunk: Any) -> None:
        try:
            await self._connection.write(chunk_bytes(chunk))
        except (ContainerGone, OSError):
            raise connection_lost() from None

    async def close(self) -> None:
        await self._connection.write_eof()

    async def abort(self, reason: Any) -> None:
        await self._connection.write_eof()


async def _all_of(stream: ReadableStream | None) -> bytes:
    return b"" if stream is None else await stream.read_all()


async def _feed(stream: ReadableStream, connection: Connection) -> None:
    try:
        async for chunk in stream.chunks():
            await connection.write(chunk)
    except (ContainerGone, OSError):
        return  # the program does not read any more
    await connection.write_eof()


async def _drain(connection: Connection) -> None:
    while await connection.read():
        continue


async def _merged(one: Connection, other: Connection) -> AsyncIterator[bytes]:
    """Both outputs in one, each piece when it came."""
    pieces: asyncio.Queue[bytes | None] = asyncio.Queue(_PIECES)

    async def pump(connection: Connection) -> None:
        try:
            while piece := await connection.read():
                await pieces.put(piece)
        finally:
            await pieces.put(None)

    pumps = [spawn_outside(pump(connection), name="container.exec output") for connection in (one, other)]
    try:
        open_ = len(pumps)
        while open_:
            piece = await pieces.get()
            if piece is None:
                open_ -= 1
            else:
                yield piece
        try:
            await asyncio.gather(*pumps)
        except (ContainerGone, OSError):
            raise connection_lost() from None
    finally:
        for task in pumps:
            task.cancel()


async def _exit_code(process: Process) -> int:
    try:
        return await process.wait()
    except ContainerGone:
        raise connection_lost() from None


def _end_with(signal: AbortSignal, process: ExecProcess) -> None:
    if signal.aborted:
        process.kill()
    else:
        signal.addEventListener("abort", lambda _event: process.kill())


def _seen(task: asyncio.Task[Any]) -> None:
    """Whoever wants to know of a failure asks; nobody has to."""
    if not task.cancelled():
        task.exception()
