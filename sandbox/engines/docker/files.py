"""The file system of a container, through a shell in it: all is as a program inside would find it."""

from __future__ import annotations

import itertools
import os
from collections.abc import AsyncIterator
from shlex import quote
from typing import TYPE_CHECKING

from edge.containers.engine import FileStat, Process
from edge.kernel.random import RandomStreams
from sandbox.engines.docker.file_answers import described, failure, listed
from sandbox.engines.docker.helper import ENVIRONMENT, LIBRARY, Answer, Helper

if TYPE_CHECKING:
    from sandbox.engines.docker.instance import DockerInstance

#: Up to here a file's content passes through the shell that is kept; more gets a program of its own.
_SMALL_BYTES = 4 * 1024 * 1024
_SIGKILL = 9


class DockerFiles:
    """Implements `edge.containers.engine.Files`."""

    def __init__(self, instance: DockerInstance, helper: Helper) -> None:
        self._instance = instance
        self._helper = helper
        self._drafts = itertools.count(1)
        self._tokens = RandomStreams().fresh("file listings")

    async def stat(self, path: str, *, follow: bool = True) -> FileStat:
        answer = await self._do(path, "edge_stat", "-L" if follow else "", path)
        return described(path, answer.stdout)

    async def read(self, path: str, *, chunk_bytes: int = 65536) -> AsyncIterator[bytes]:
        content = (await self._do(path, "edge_read", path, str(_SMALL_BYTES + 1))).stdout
        if len(content) <= _SMALL_BYTES:
            for begin in range(0, len(content), chunk_bytes):
                yield content[begin : begin + chunk_bytes]
            return
        async for chunk in self._read_big(path, chunk_bytes):
            yield chunk

    async def write(
        self, path: str, content: bytes | AsyncIterator[bytes], *, parents: bool = False, mode: int = 0o644
    ) -> int:
        draft = f".{next(self._drafts)}.partial"
        where = (path, draft, f"{mode:o}", "yes" if parents else "no")
        first, rest = await _beginning(content)
        try:
            if rest is None:
                await self._do(path, "edge_write", *where, str(len(first)), content=first)
                return len(first)
            return await self._write_big(path, where, first, rest)
        except FileExistsError as error:  # what should be a directory above it is a file
            raise NotADirectoryError(20, os.strerror(20), path) from error

    async def mkdir(self, path: str, *, parents: bool = False) -> None:
        if not parents:
            await self._do(path, "mkdir", "-m", "755", "--", path)
            return
        try:
            await self._do(path, "mkdir", "-p", "--", path)
        except FileExistsError as error:
            raise NotADirectoryError(20, os.strerror(20), path) from error

    async def remove(self, path: str) -> None:
        await self._do(path, "unlink", path)

    async def rename(self, source: str, target: str) -> None:
        await self._do(source, "mv", "-fT", "--", source, target, target=target)

    async def list(self, path: str, *, recursive: bool = False) -> list[FileStat]:
        token = f"{self._tokens.getrandbits(64):016x}"
        depth = "" if recursive else "-maxdepth 1"
        answer = await self._ask(_command("edge_list", path.rstrip("/") + "/", token, depth))
        found = list(listed(token.encode(), answer.stdout))
        if answer.exit_code and not found:
            raise failure(answer.stderr, path)
        return sorted(found, key=lambda entry: entry.path.split("/"))

    # -- how

    async def _do(
        self, path: str, *words: str, content: bytes | None = None, target: str | None = None
    ) -> Answer:
        answer = await self._ask(_command(*words), content)
        if answer.exit_code:
            raise failure(answer.stderr, path, target)
        return answer

    async def _ask(self, command: str, content: bytes | None = None) -> Answer:
        self._instance.check_runs()
        return await self._helper.do(command, content)

    async def _read_big(self, path: str, chunk_bytes: int) -> AsyncIterator[bytes]:
        process = await self._instance.spawn(("cat", "--", path), env=ENVIRONMENT)
        try:
            while data := await process.io.read(chunk_bytes):
                yield data
            if await process.wait():
                raise await _complaint(process, path)
        finally:
            await _release(process)

    async def _write_big(
        self, path: str, where: tuple[str, ...], first: bytes, rest: AsyncIterator[bytes]
    ) -> int:
        script = LIBRARY.decode() + _command("edge_write", *where, "all")
        process = await self._instance.spawn(("sh", "-c", script), env=ENVIRONMENT, stdin=True)
        done = False
        try:
            if await process.io.read() != b"go\n":
                await process.wait()
                raise await _complaint(process, path)
            length = 0
            async for chunk in _chain(first, rest):
                await process.io.write(chunk)
                length += len(chunk)
            await process.io.write_eof()
            done = True
            if await process.wait():
                raise await _complaint(process, path)
            return length
        finally:
            if not done:
                await self._give_up(process, where)
            await _release(process)

    async def _give_up(self, process: Process, where: tuple[str, ...]) -> None:
        await process.signal(_SIGKILL, group=True)
        path, draft, *_ = where
        await self._ask(f'edge_place {quote(path)} {draft} 644 no && rm -f -- "$edge_draft"')


def _command(*words: str) -> str:
    return " ".join(quote(word) for word in words)


async def _beginning(
    content: bytes | AsyncIterator[bytes],
) -> tuple[bytes, AsyncIterator[bytes] | None]:
    """What comes first, and the rest when that is not all of it."""
    if not isinstance(content, AsyncIterator):
        return (bytes(content), None) if len(content) <= _SMALL_BYTES else (b"", _once(content))
    first = bytearray()
    async for chunk in content:
        first += chunk
        if len(first) > _SMALL_BYTES:
            return bytes(first), content
    return bytes(first), None


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def _chain(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk


async def _complaint(process: Process, path: str) -> OSError:
    assert process.stderr is not None
    said = b""
    while data := await process.stderr.read():
        said += data
    return failure(said, path)


async def _release(process: Process) -> None:
    assert process.stderr is not None
    await process.io.close()
    await process.stderr.close()
