"""A directory of the sandbox and a bucket that follow each other.

Every second both sides are listed and compared with what they were: what changed in the bucket is written to
the directory, then what changed in the directory to the bucket. Of a file that changed on both sides the
bucket's stays.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from js import console

from sandbox.durable.control import Control
from sandbox.errors import FileNotFoundError

_PASS_EVERY_S = 1.0
_DELAY_MAX_S = 30.0

#: What tells one state of a file from another: size and time of its last change.
Mark = tuple[int, str]


@dataclass(frozen=True)
class Known:
    """A file as it was on both sides after the last pass."""

    etag: str
    mark: Mark | None


class BucketSync:
    """One mount. Paths are relative to it; keys are `prefix/path`."""

    def __init__(
        self,
        control: Control,
        is_running: Callable[[], bool],
        bucket: str,
        binding: Any,
        folder: str,
        prefix: str,
        *,
        read_only: bool,
    ) -> None:
        self.bucket = bucket
        self._control = control
        self._is_running = is_running
        self._binding = binding
        self._folder = folder
        self._prefix = f"{prefix}/" if prefix else ""
        self._read_only = read_only
        self._known: dict[str, Known] = {}
        self._loop: asyncio.Future[None] | None = None
        self._abandoned = False

    async def start(self) -> None:
        """Fill the directory, then follow."""
        await self._control.post("/api/mkdir", {"path": self._folder, "recursive": True})
        await self._pass()
        self._loop = asyncio.ensure_future(self._follow())

    async def stop(self) -> None:
        """Write back what is left, and follow no further. The directory keeps its files."""
        self._cancel()
        await self._pass()
        self._abandoned = True

    def abandon(self) -> None:
        """The container has ended: what is missing in the next one was not deleted."""
        self._abandoned = True
        self._cancel()

    def _cancel(self) -> None:
        if self._loop is not None:
            self._loop.cancel()
            self._loop = None

    async def _follow(self) -> None:
        delay_s = _PASS_EVERY_S
        while True:
            await asyncio.sleep(delay_s)
            if not self._is_running():
                continue  # it is not for us to start another container: `abandon` comes soon
            try:
                await self._pass()
                delay_s = _PASS_EVERY_S
            except Exception as failure:
                delay_s = min(delay_s * 2, _DELAY_MAX_S)
                console.error(f"Bucket {self.bucket} and {self._folder} did not follow:", repr(failure))

    async def _pass(self) -> None:
        remote, local = await self._remote(), await self._local()
        if self._abandoned:
            return
        written = await self._pull(remote, local)
        if not self._read_only:
            await self._push(remote, local, written)
        if written:
            local = await self._local()
            for path, wrote in written.items():
                found = local.get(path)
                # What has changed since we wrote it is not what we know: the next pass takes it up.
                changed = found is not None and wrote is not None and _differs(found, wrote)
                self._known[path] = Known(remote[path], None if changed else found)

    # -- from the bucket

    async def _pull(self, remote: dict[str, str], local: dict[str, Mark]) -> dict[str, Mark | None]:
        """Bring what changed in the bucket; what was written, with its size and the time of its end."""
        written: dict[str, Mark | None] = {}
        for path, etag in remote.items():
            if (known := self._known.get(path)) is None or known.etag != etag:
                written[path] = await self._fetch(path)
        for path in [path for path in self._known if path not in remote]:
            known = self._known.pop(path)
            if local.get(path) == known.mark and local.pop(path, None) is not None:
                await self._remove(path)
        return written

    async def _fetch(self, path: str) -> Mark | None:
        found = await self._binding.get(self._prefix + path)
        if found is None:
            return None
        wrote = await self._control.upload(self._write_to(path), found.body)
        return found.size, wrote["timestamp"]

    async def _remove(self, path: str) -> None:
        try:
            await self._control.post("/api/delete", {"path": f"{self._folder}/{path}"})
        except FileNotFoundError:
            console.debug("Gone already:", path)

    def _write_to(self, path: str) -> str:
        return f"/api/write?{urlencode({'path': f'{self._folder}/{path}'})}"

    # -- to the bucket

    async def _push(self, remote: dict[str, str], local: dict[str, Mark], written: Container[str]) -> None:
        for path, mark in local.items():
            known = self._known.get(path)
            if path not in written and (known is None or known.mark != mark):
                await self._store(path, mark)
        gone = [path for path in self._known if path not in local and path not in written]
        for path in gone:
            del self._known[path]
            await self._binding.delete(self._prefix + path)

    async def _store(self, path: str, mark: Mark) -> None:
        try:
            body = {"path": f"{self._folder}/{path}", "encoding": "none"}
            content = await (await self._control.raw("/api/read", body)).bytes()
        except FileNotFoundError:
            return  # gone since it was listed
        stored = await self._binding.put(self._prefix + path, content)
        self._known[path] = Known(stored.etag, mark)

    # -- listing

    async def _remote(self) -> dict[str, str]:
        """The bucket's objects: their etags."""
        found: dict[str, str] = {}
        cursor = None
        while True:
            options = {"prefix": self._prefix} | ({} if cursor is None else {"cursor": cursor})
            page = await self._binding.list(options)
            found |= {
                path: entry.etag
                for entry in page["objects"]
                if _is_file(path := entry.key.removeprefix(self._prefix))
            }
            if not page["truncated"]:
                return found
            cursor = page["cursor"]

    async def _local(self) -> dict[str, Mark]:
        options = {"recursive": True, "includeHidden": True}
        listed = await self._control.post("/api/list-files", {"path": self._folder, "options": options})
        return _marks(listed["files"])


def _marks(files: Iterable[dict[str, Any]]) -> dict[str, Mark]:
    return {
        entry["relativePath"]: (entry["size"], entry["modifiedAt"])
        for entry in files
        if entry["type"] == "file"
    }


def _differs(found: Mark, wrote: Mark) -> bool:
    """Whether a file is another than the one that was written with that size, by that time."""
    return found[0] != wrote[0] or found[1] > wrote[1]


def _is_file(path: str) -> bool:
    """Whether a key can be a file: no marker of a directory, nothing that leads elsewhere."""
    return all(part not in ("", ".", "..") for part in path.split("/")) and "\0" not in path
