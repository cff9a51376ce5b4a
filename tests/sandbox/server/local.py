"""An Instance for tests: plain processes of this machine, and a temporary folder as its /workspace.

Not a sandbox: other paths are the machine's own.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import signal
import stat
import struct
import termios
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from edge.containers.engine import (
    ContainerGone,
    Exit,
    FileStat,
    InstanceSpec,
    NotListening,
    Terminal,
)
from sandbox.server.pipe_shell import PipeShell

if TYPE_CHECKING:
    from edge.containers.engine import Service

HOME = "/workspace"


class LocalConnection:
    """Streams of asyncio as a Connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter | None) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self, limit: int = 65536) -> bytes:
        return await self._reader.read(limit)

    async def write(self, data: bytes) -> None:
        assert self._writer is not None
        try:
            self._writer.write(data)
            await self._writer.drain()
        except ConnectionResetError as error:
            raise BrokenPipeError from error

    async def write_eof(self) -> None:
        assert self._writer is not None
        self._writer.write_eof()

    async def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


class TerminalConnection:
    """The master side of a pseudo-terminal."""

    def __init__(self, master: int) -> None:
        self._master = master
        self._open = True

    async def read(self, limit: int = 65536) -> bytes:
        loop = asyncio.get_running_loop()
        readable: asyncio.Future[None] = loop.create_future()
        loop.add_reader(self._master, lambda: readable.done() or readable.set_result(None))
        try:
            await readable
            return os.read(self._master, limit)
        except OSError:
            return b""
        finally:
            loop.remove_reader(self._master)

    async def write(self, data: bytes) -> None:
        os.write(self._master, data)

    async def write_eof(self) -> None:
        os.write(self._master, b"\x04")

    async def close(self) -> None:
        if self._open:
            self._open = False
            os.close(self._master)


class LocalProcess:
    """A process of asyncio as a Process."""

    def __init__(self, process: asyncio.subprocess.Process, master: int | None, gone: asyncio.Event) -> None:
        self._process = process
        self._gone = gone
        self._master = master
        self.pid = process.pid
        if master is None:
            assert process.stdout is not None
            assert process.stderr is not None
            self.io: LocalConnection | TerminalConnection = LocalConnection(process.stdout, process.stdin)
            self.stderr: LocalConnection | None = LocalConnection(process.stderr, None)
        else:
            self.io = TerminalConnection(master)
            self.stderr = None

    async def wait(self) -> int:
        while (code := self._process.returncode) is None:
            await asyncio.sleep(0.003)  # asyncio's own wait() lasts until the pipes close, too
        if self._gone.is_set():
            raise ContainerGone("the container is gone")
        return code if code >= 0 else 128 - code

    async def signal(self, number: int, *, group: bool = False) -> None:
        try:
            (os.killpg if group else os.kill)(self.pid, number)
        except ProcessLookupError:
            return

    async def resize(self, cols: int, rows: int) -> None:
        assert self._master is not None
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    def end(self) -> None:
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return


class LocalFiles:
    """The machine's files, with the folder in place of /workspace."""

    def __init__(self, place: Callable[[str], Path]) -> None:
        self._place = place

    def _stat(self, path: str, follow: bool) -> FileStat:
        found = os.stat(self._place(path), follow_symlinks=follow)
        kind: Literal["file", "directory", "symlink", "other"] = "other"
        if stat.S_ISREG(found.st_mode):
            kind = "file"
        elif stat.S_ISDIR(found.st_mode):
            kind = "directory"
        elif stat.S_ISLNK(found.st_mode):
            kind = "symlink"
        return FileStat(path, kind, found.st_size, found.st_mtime, stat.S_IMODE(found.st_mode))

    async def stat(self, path: str, *, follow: bool = True) -> FileStat:
        return self._stat(path, follow)

    async def read(self, path: str, *, chunk_bytes: int = 65536) -> AsyncIterator[bytes]:
        with self._place(path).open("rb") as file:
            while chunk := file.read(chunk_bytes):
                yield chunk

    async def write(
        self, path: str, content: bytes | AsyncIterator[bytes], *, parents: bool = False, mode: int = 0o644
    ) -> int:
        target = self._place(path)
        if target.is_dir():
            raise IsADirectoryError(21, "Is a directory", path)
        if parents:
            target.parent.mkdir(parents=True, exist_ok=True)
        beside = target.with_name(target.name + ".part")
        try:
            with beside.open("wb") as file:
                if isinstance(content, bytes):
                    file.write(content)
                else:
                    async for chunk in content:
                        file.write(chunk)
                size = file.tell()
            beside.rename(target)
        finally:
            beside.unlink(missing_ok=True)
        return size

    async def mkdir(self, path: str, *, parents: bool = False) -> None:
        self._place(path).mkdir(parents=parents, exist_ok=parents)

    async def remove(self, path: str) -> None:
        self._place(path).unlink()

    async def rename(self, source: str, target: str) -> None:
        self._place(source).rename(self._place(target))

    async def list(self, path: str, *, recursive: bool = False) -> list[FileStat]:
        found = []
        for name in sorted(os.listdir(self._place(path))):
            entry = self._stat(f"{path.rstrip('/')}/{name}", False)
            found.append(entry)
            if recursive and entry.kind == "directory":
                found.extend(await self.list(entry.path, recursive=True))
        return found


class LocalInstance:
    """Use it as `async with LocalInstance(folder) as instance`; nothing runs on afterwards."""

    def __init__(self, folder: Path, *, path: str | None = None) -> None:
        self.folder = folder
        self.files = LocalFiles(self.place)
        self.phases: list[str] = []
        self.services: dict[int, Service] = {}
        self.gone = asyncio.Event()
        self._path = path or os.environ["PATH"]
        self._processes: list[LocalProcess] = []
        (folder / "workspace").mkdir(exist_ok=True)

    def place(self, path: str) -> Path:
        """Where a path of the container is on this machine."""
        if path == HOME or path.startswith(HOME + "/"):
            return self.folder / path.removeprefix("/")
        return Path(path)

    async def __aenter__(self) -> LocalInstance:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.destroy()

    async def spawn(
        self,
        argv: tuple[str, ...],
        *,
        cwd: str = "/",
        env: Mapping[str, str] | None = None,
        stdin: bool = False,
        terminal: Terminal | None = None,
    ) -> LocalProcess:
        self._check()
        master = slave = None
        if terminal is not None:
            master, slave = pty.openpty()
            fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", terminal.rows, terminal.cols, 0, 0))
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *argv,
            cwd=self.place(cwd),
            env={"PATH": self._path, "HOME": str(self.folder), **(env or {})},
            stdin=slave if slave is not None else pipe if stdin else asyncio.subprocess.DEVNULL,
            stdout=pipe if slave is None else slave,
            stderr=pipe if slave is None else slave,
            start_new_session=True,
        )
        if slave is not None:
            os.close(slave)
        started = LocalProcess(process, master, self.gone)
        self._processes.append(started)
        return started

    async def open_shell(self, *, cwd: str, env: Mapping[str, str]) -> PipeShell:
        return await PipeShell.open(self, cwd=str(self.place(cwd)), env=env)

    async def connect(self, port: int) -> LocalConnection:
        self._check()
        try:
            return LocalConnection(*await asyncio.open_connection("127.0.0.1", port))
        except OSError as error:
            raise NotListening(f"nothing listens on port {port}") from error

    def service(self, port: int) -> Service | None:
        return self.services.get(port)

    async def phase(self, name: str) -> None:
        self.phases.append(name)

    async def wait(self) -> Exit:
        await self.gone.wait()
        return Exit(137, "runtime_signal")

    async def signal(self, number: int) -> None:
        await self.destroy()

    async def destroy(self) -> None:
        self.gone.set()
        for process in self._processes:
            process.end()
        for process in self._processes:
            await process._process.wait()
            await process.io.close()
            if process._process._transport is not None:  # type: ignore[attr-defined]
                process._process._transport.close()  # type: ignore[attr-defined]

    def _check(self) -> None:
        if self.gone.is_set():
            raise ContainerGone("the container is gone")


class LocalEngine:
    """An Engine of LocalInstances, each in its own folder."""

    name = "process"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.started: list[LocalInstance] = []

    def isolation(self) -> str:
        return "none"

    async def open(self) -> None:
        return None

    async def prepare(self, image: object) -> None:
        return None

    async def start(self, spec: InstanceSpec) -> LocalInstance:
        folder = self._folder / str(len(self.started))
        folder.mkdir()
        instance = LocalInstance(folder)
        self.started.append(instance)
        return instance

    async def close(self) -> None:
        for instance in self.started:
            await instance.destroy()
