"""The files of a sandbox.

Nothing is forbidden here: what can be reached is what is inside the container.

Source: spec sandbox-and-containers.md section 5.2.
"""

from __future__ import annotations

import base64
import codecs
import errno
import re
from collections.abc import AsyncIterator
from typing import Any

from edge.containers.engine import ContainerGone, FileStat
from edge.http.response import Response
from edge.http.streams.readable import ReadableStream
from sandbox.server.call import Call
from sandbox.server.content_type import SNIFFED_BYTES, ContentType, content_type
from sandbox.server.errors import ApiError, invalid
from sandbox.server.file_errors import told
from sandbox.server.file_info import file_info
from sandbox.server.host import Host
from sandbox.server.reply import Stop, byte_stream, event_stream
from sandbox.server.sessions import Sessions

READ_BYTES_MAX = 32 * 1024 * 1024
#: A multiple of three, so that base64 of the chunks is base64 of the whole.
_CHUNK_BYTES = 3 * 16384
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")


class Files:
    """Reads, writes and lists."""

    def __init__(self, host: Host, sessions: Sessions) -> None:
        self._host = host
        self._sessions = sessions
        self._files = host.instance.files

    async def _path(self, call: Call, *names: str) -> str:
        return await self._sessions.resolve(call.text(*(names or ("path",))), call.session_id())

    # -- reading ----------------------------------------------------------------------------------

    async def read(self, call: Call) -> Response | dict[str, Any]:
        """POST /api/read"""
        path = await self._path(call)
        encoding = call.maybe_text("encoding")
        with told("read", path):
            if encoding == "none":
                return await self._raw(path, await self._regular(path))
            data = await self._whole(path)
        kind = content_type(path, data[:SNIFFED_BYTES])
        as_base64 = encoding == "base64" or (kind.is_binary and encoding is None)
        return self._host.ok(
            path=path,
            content=base64.b64encode(data).decode() if as_base64 else data.decode(errors="replace"),
            encoding="base64" if as_base64 else "utf-8",
            isBinary=kind.is_binary,
            mimeType=kind.mime_type,
            size=len(data),
        )

    async def _whole(self, path: str) -> bytes:
        """The content. Its size is looked up only when that is too much: in Docker each look is a program."""
        chunks, left = [], READ_BYTES_MAX
        async for chunk in self._files.read(path):
            chunks.append(chunk)
            left -= len(chunk)
            if left < 0:
                break
        else:
            return b"".join(chunks)
        size = (await self._regular(path)).size
        message = (
            f"File too large. Size {size} bytes exceeds the 32 MiB limit. "
            "Use readFileStream() for larger files."
        )
        raise ApiError("FILE_TOO_LARGE", message, {"path": path, "size": size})

    async def _regular(self, path: str) -> FileStat:
        found = await self._files.stat(path)
        if found.kind == "directory":
            raise IsADirectoryError(errno.EISDIR, "Is a directory", path)
        return found

    async def _head(self, path: str) -> bytes:
        head = b""
        chunks = self._files.read(path, chunk_bytes=SNIFFED_BYTES)
        async for chunk in chunks:
            head += chunk
            if len(head) >= SNIFFED_BYTES:
                break
        return head[:SNIFFED_BYTES]

    async def _raw(self, path: str, found: FileStat) -> Response:
        kind = content_type(path, await self._head(path))
        headers = [("content-type", kind.mime_type), ("x-file-size", str(found.size))]
        return byte_stream(self._files.read(path), headers)

    async def read_stream(self, call: Call) -> Response:
        """POST /api/read/stream"""
        path = await self._path(call)
        with told("read", path):
            found = await self._regular(path)
            kind = content_type(path, await self._head(path))
        stop = Stop()
        return event_stream(self._pieces(path, found, kind, stop), stop)

    async def _pieces(
        self, path: str, found: FileStat, kind: ContentType, stop: Stop
    ) -> AsyncIterator[dict[str, Any]]:
        yield {
            "type": "metadata",
            "mimeType": kind.mime_type,
            "size": found.size,
            "isBinary": kind.is_binary,
            "encoding": "base64" if kind.is_binary else "utf-8",
        }
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        count = 0
        try:
            async for chunk in _even(self._files.read(path), _CHUNK_BYTES):
                if stop:
                    return
                count += len(chunk)
                data = base64.b64encode(chunk).decode() if kind.is_binary else decoder.decode(chunk)
                if data:
                    yield {"type": "chunk", "data": data}
            if rest := decoder.decode(b"", final=True):
                yield {"type": "chunk", "data": rest}
        except OSError as error:
            yield {"type": "error", "error": f"{error.strerror}: {path}"}
        else:
            yield {"type": "complete", "bytesRead": count}

    # -- writing ----------------------------------------------------------------------------------

    async def write(self, call: Call) -> dict[str, Any]:
        """POST /api/write: JSON, or the content itself with the path in the query."""
        path = await self._path(call)
        await self._host.instance.phase("file_write")
        with told("write", path):
            if call.is_json:
                await self._files.write(path, self._content(call, path))
            else:
                payload = call.request.take_payload()
                stream = payload.chunks() if isinstance(payload, ReadableStream) else payload or b""
                await self._files.write(path, stream, parents=True)
        return self._host.ok(path=path, exitCode=0)

    def _content(self, call: Call, path: str) -> bytes:
        content = call.text("content")
        if call.maybe_text("encoding") != "base64":
            return content.encode("utf-8", "replace")
        try:
            if _BASE64.fullmatch(content) is None:
                raise ValueError
            return base64.b64decode(content, validate=True)
        except ValueError as error:
            message = f"Invalid base64 content for '{path}': must contain only A-Z, a-z, 0-9, +, /, ="
            raise invalid(message, "content") from error

    async def mkdir(self, call: Call) -> dict[str, Any]:
        """POST /api/mkdir"""
        path, recursive = await self._path(call), call.flag("recursive")
        try:
            await self._files.mkdir(path, parents=recursive)
        except OSError as error:
            context = {"path": path, "operation": "mkdir", "exitCode": 1, "stderr": str(error)}
            message = "mkdir operation failed with exit code 1"
            raise ApiError("FILESYSTEM_ERROR", message, context) from error
        return self._host.ok(path=path, recursive=recursive, exitCode=0)

    async def delete(self, call: Call) -> dict[str, Any]:
        """POST /api/delete"""
        path = await self._path(call)
        with told("delete", path):
            if (await self._files.stat(path, follow=False)).kind == "directory":
                advice = "Use exec('rm -rf <path>') instead."
                message = f"Cannot delete directory with deleteFile() at '{path}'. {advice}"
                raise ApiError("IS_DIRECTORY", message, {"path": path, "operation": "delete"})
            await self._files.remove(path)
        return self._host.ok(path=path, exitCode=0)

    async def rename(self, call: Call) -> dict[str, Any]:
        """POST /api/rename"""
        return await self._move(call, "rename", "oldPath", "newPath")

    async def move(self, call: Call) -> dict[str, Any]:
        """POST /api/move"""
        return await self._move(call, "move", "sourcePath", "destinationPath")

    async def _move(self, call: Call, operation: str, source_name: str, target_name: str) -> dict[str, Any]:
        source = await self._path(call, source_name, "path")
        target = given = await self._path(call, target_name, "newPath")
        with told(operation, source, missing=f"Source file not found: {source}"):
            await self._files.stat(source, follow=False)
        with told(operation, target):
            if await self._is_directory(target):  # as `mv` does
                target = f"{target.rstrip('/')}/{source.rstrip('/').rpartition('/')[2]}"
            try:
                await self._files.rename(source, target)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                await self._copy_over(source, target)
        return self._host.ok(path=source, newPath=given, exitCode=0)

    async def _is_directory(self, path: str) -> bool:
        try:
            return (await self._files.stat(path)).kind == "directory"
        except FileNotFoundError:
            return False

    async def _copy_over(self, source: str, target: str) -> None:
        """Move a file to another file system."""
        found = await self._regular(source)
        await self._files.write(target, self._files.read(source), mode=found.mode)
        await self._files.remove(source)

    # -- directories ------------------------------------------------------------------------------

    async def list(self, call: Call) -> dict[str, Any]:
        """POST /api/list-files"""
        path = await self._path(call)
        hidden = call.flag("includeHidden")
        with told("list", path, missing=f"Directory not found: {path}"):
            found = await self._files.list(path, recursive=call.flag("recursive"))
        entries = [file_info(entry, path) for entry in found]
        # By its own name only: what is inside a hidden directory is listed.
        files = [entry for entry in entries if hidden or not entry["name"].startswith(".")]
        return self._host.ok(path=path, files=files, count=len(files))

    async def exists(self, call: Call) -> dict[str, Any]:
        """POST /api/exists"""
        path = await self._path(call)
        try:
            await self._files.stat(path)
            found = True
        except ContainerGone:
            raise
        except OSError:
            found = False
        return self._host.ok(path=path, exists=found)


async def _even(chunks: AsyncIterator[bytes], size: int) -> AsyncIterator[bytes]:
    """The same bytes in pieces of `size`, the last one shorter."""
    held = b""
    async for chunk in chunks:
        held += chunk
        whole = len(held) - len(held) % size
        for at in range(0, whole, size):
            yield held[at : at + size]
        held = held[whole:]
    if held:
        yield held
