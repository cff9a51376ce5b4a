"""The container's file system as the runtime asks for it."""

from __future__ import annotations

import posixpath
from collections.abc import AsyncIterator, Callable

from edge.containers.engine import FileStat
from sandbox.engines.fake.tree import Tree


class FakeFiles:
    """`edge.containers.engine.Files` over a tree in memory."""

    def __init__(self, tree: Tree, now_s: Callable[[], float], alive: Callable[[], None]) -> None:
        """`alive` raises ContainerGone when the container has ended."""
        self._tree = tree
        self._now_s = now_s
        self._alive = alive

    async def stat(self, path: str, *, follow: bool = True) -> FileStat:
        self._alive()
        return self._tree.stat(path, follow=follow)

    async def read(self, path: str, *, chunk_bytes: int = 65536) -> AsyncIterator[bytes]:
        self._alive()
        content = self._tree.read(path)
        for start in range(0, len(content), chunk_bytes):
            yield content[start : start + chunk_bytes]
            self._alive()

    async def write(
        self, path: str, content: bytes | AsyncIterator[bytes], *, parents: bool = False, mode: int = 0o644
    ) -> int:
        whole = content if isinstance(content, bytes) else b"".join([chunk async for chunk in content])
        self._alive()
        folder = posixpath.dirname(path)
        if parents and folder not in ("", "/"):
            self._tree.mkdir(folder, self._now_s(), parents=True)
        self._tree.write(path, whole, self._now_s(), mode=mode)
        return len(whole)

    async def mkdir(self, path: str, *, parents: bool = False) -> None:
        self._alive()
        self._tree.mkdir(path, self._now_s(), parents=parents)

    async def remove(self, path: str) -> None:
        self._alive()
        self._tree.remove(path)

    async def rename(self, source: str, target: str) -> None:
        self._alive()
        self._tree.rename(source, target)

    async def list(self, path: str, *, recursive: bool = False) -> list[FileStat]:
        self._alive()
        return self._tree.list(path, recursive=recursive)
