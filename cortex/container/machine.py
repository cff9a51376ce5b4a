"""The real machine: files, programs and time in the container."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Mapping, Sequence

_LINE_BYTES_MAX = 8 << 20


class RealProcess:
    """An agent as a child in a session of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.returncode is None

    async def write_line(self, line: str) -> None:
        stdin = self._process.stdin
        assert stdin is not None
        try:
            stdin.write(line.encode() + b"\n")
            await stdin.drain()
        except (BrokenPipeError, ConnectionResetError):
            return  # it has ended; whoever reads its lines learns that

    async def lines(self) -> AsyncIterator[str]:
        stdout = self._process.stdout
        assert stdout is not None
        while line := await stdout.readline():
            yield line.decode(errors="replace").rstrip("\n")

    async def wait(self) -> int:
        code = await self._process.wait()
        return code if code >= 0 else 128 - code

    def signal(self, number: int) -> None:
        if self._process.returncode is None:
            try:
                os.killpg(self._process.pid, number)
            except ProcessLookupError:
                return  # ended meanwhile, which is what a signal wants


class RealHost:
    """The container that this program runs in."""

    @property
    def npm_prefix(self) -> str:
        return os.environ.get("npm_config_prefix", "/usr/local")  # noqa: SIM112 (npm reads it so)

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    async def sleep(self, delay_s: float) -> None:
        await asyncio.sleep(delay_s)

    async def read(self, path: str) -> str:
        with open(path, encoding="utf-8", newline="") as file:
            return file.read()

    async def write(self, path: str, text: str, *, mode: int = 0o600) -> None:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        draft = f"{path}.{os.getpid()}.tmp"
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(draft, path)

    async def remove(self, path: str) -> None:
        try:
            os.unlink(path)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return  # somebody was here before; a directory is none of ours

    async def spawn(self, argv: Sequence[str], env: Mapping[str, str], cwd: str) -> RealProcess:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, **env},
            cwd=cwd,
            limit=_LINE_BYTES_MAX,
            start_new_session=True,
        )
        return RealProcess(process)

    async def run(self, argv: Sequence[str], limit_s: float) -> int:
        quiet = asyncio.subprocess.DEVNULL
        try:
            process = await asyncio.create_subprocess_exec(
                *argv, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True
            )
        except OSError:
            return 127
        try:
            return await asyncio.wait_for(process.wait(), limit_s)
        except TimeoutError:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
            return 124

    async def unpack(self, archive: bytes, name: str) -> None:
        from package_archive import unpack  # only here: what it needs would slow down each start

        await asyncio.to_thread(unpack, archive, name, self.npm_prefix)

    async def pack(self, prefix: str, name: str) -> bytes:
        from package_archive import found, packed

        return await asyncio.to_thread(lambda: packed(found(prefix, name)))
