"""Files that a shell redirects to."""

from __future__ import annotations

from edge.kernel.clock import Clock
from sandbox.engines.fake.pipe import Pipe
from sandbox.engines.fake.tree import Tree


class _Appending(Pipe):
    def __init__(self, tree: Tree, path: str, clock: Clock) -> None:
        super().__init__()
        self._tree = tree
        self._path = path
        self._clock = clock

    async def write(self, data: bytes) -> None:
        before = self._tree.read(self._path) if self._tree.exists(self._path) else b""
        self._tree.write(self._path, before + data, self._clock.now())

    def end(self) -> None: ...


def appending(tree: Tree, path: str, clock: Clock, *, keep: bool) -> Pipe:
    """What is written to it goes to the end of a file, which is emptied first unless `keep`. OSError."""
    if not keep or not tree.exists(path):
        tree.write(path, b"", clock.now())
    return _Appending(tree, path, clock)
