"""Backups of a directory: a stream of a compressed tar archive out, and one in.

Where they are kept is the caller's business. The archive is made by the `tar` of the image.

Source: spec sandbox-and-containers.md section 5.8.
"""

from __future__ import annotations

import asyncio
import logging
import shlex
from collections.abc import AsyncIterator
from typing import Any

from edge.containers.engine import Process
from edge.http.response import Response
from edge.http.streams.readable import ReadableStream
from edge.js.errors import JsException
from sandbox.server.call import Call
from sandbox.server.errors import ApiError
from sandbox.server.file_errors import told
from sandbox.server.host import Host
from sandbox.server.reply import byte_stream
from sandbox.server.running import SIGKILL, Collected, Running

_log = logging.getLogger("sandbox.server")

#: Everything in a directory makes way for what was restored beside it.
_REPLACE = """
set -e
cd -- "$target"
find . -mindepth 1 -maxdepth 1 ! -name "$fresh" -exec rm -rf -- {} +
find "./$fresh" -mindepth 1 -maxdepth 1 -exec mv -- {} . \\;
rmdir -- "$fresh"
"""


class Backups:
    """Makes archives and restores them, one at a time."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._turn = asyncio.Lock()

    async def create(self, call: Call) -> Response:
        """POST /api/backup/create: the archive as a stream, which breaks when `tar` fails."""
        folder = _folder(call.text("dir"))
        with told("backup", folder, missing=f"Directory not found: {folder}"):
            if (await self._host.instance.files.stat(folder)).kind != "directory":
                raise NotADirectoryError(20, "Not a directory", folder)
        left_out = call.texts("excludes", "exclude")
        if any("\n" in pattern for pattern in left_out):
            raise ApiError("INVALID_BACKUP_CONFIG", "Exclude patterns cannot contain line breaks")
        async with self._turn:
            if call.flag("gitignore"):
                left_out = [*left_out, *await self._ignored(folder)]
            tar = await self._tar(("-C", folder, "-X", "-", "-czf", "-", "."), "BACKUP_CREATE_FAILED")
        try:
            await tar.io.write("".join(f"{pattern}\n" for pattern in left_out).encode())
            await tar.io.write_eof()
        except BrokenPipeError:
            _log.debug("tar of %s ended early; its exit code breaks the stream", folder)
        return byte_stream(_archive(tar), [("content-type", "application/gzip")])

    async def restore(self, call: Call) -> dict[str, Any]:
        """POST /api/backup/restore?dir=…: the directory then holds what the archive in the body does.

        An archive that is broken changes nothing.
        """
        folder = _folder(call.text("dir"))
        fresh = f".restoring-{self._host.token(12)}"
        async with self._turn:
            await self._host.instance.files.mkdir(f"{folder}/{fresh}", parents=True)
            try:
                tar = await self._tar(("-C", f"{folder}/{fresh}", "-xzf", "-"), "BACKUP_RESTORE_FAILED")
                await self._feed(tar, call)
                code, said = await self._shell(_REPLACE, {"target": folder, "fresh": fresh})
                if code != 0:
                    raise ApiError(
                        "BACKUP_RESTORE_FAILED", f"Failed to restore '{folder}': {said}", {"dir": folder}
                    )
            except BaseException:
                await self._shell(f"rm -rf -- {shlex.quote(f'{folder}/{fresh}')}", {})
                raise
        return self._host.ok(dir=folder)

    async def _tar(self, words: tuple[str, ...], code: str) -> Process:
        try:
            return await self._host.instance.spawn(("tar", *words), stdin=True)
        except FileNotFoundError as error:
            raise ApiError(code, "Backups need the program tar in the image") from error

    async def _feed(self, tar: Process, call: Call) -> None:
        collected = Collected()
        running = Running(tar, collected)
        payload = call.request.take_payload()
        try:
            if isinstance(payload, ReadableStream):
                async for chunk in payload.chunks():
                    await tar.io.write(chunk)
            elif payload:
                await tar.io.write(payload)
            await tar.io.write_eof()
        except BrokenPipeError:
            said = "tar stopped reading"  # its exit code and stderr tell more
        except JsException:
            await tar.signal(SIGKILL, group=True)
            raise
        else:
            said = ""
        code = await running.ended()
        if code != 0 or said:
            message = f"Failed to restore: {collected.text('stderr').strip() or said}"
            raise ApiError("BACKUP_RESTORE_FAILED", message, {"exitCode": code})

    async def _ignored(self, folder: str) -> list[str]:
        """What git ignores in there; nothing without git or a repository."""
        listing = f"git -C {shlex.quote(folder)} ls-files --others --ignored --exclude-standard --directory"
        code, said = await self._shell(listing, {})
        return [f"./{line.rstrip('/')}" for line in said.splitlines()] if code == 0 else []

    async def _shell(self, command: str, env: dict[str, str]) -> tuple[int, str]:
        collected = Collected()
        code = await Running(await self._host.spawn_shell(command, cwd="/", env=env), collected).ended()
        return code, collected.text("stdout" if code == 0 else "stderr")


async def _archive(tar: Process) -> AsyncIterator[bytes]:
    complete = False
    try:
        while data := await tar.io.read():
            yield data
        complete = True
    finally:
        if not complete:
            await tar.signal(SIGKILL, group=True)  # nobody wants the rest
    said = b""
    while tar.stderr is not None and (data := await tar.stderr.read()):
        said = (said + data)[:4096]
    if await tar.wait() != 0:
        raise JsException("Error", f"Backup failed: {said.decode(errors='replace').strip()}")


def _folder(path: str) -> str:
    folder = path.rstrip("/")
    if not folder.startswith("/") or ".." in folder.split("/") or "\0" in folder:
        message = f"dir must be an absolute path without '..': {path}"
        raise ApiError("INVALID_BACKUP_CONFIG", message, {"dir": path})
    return folder
