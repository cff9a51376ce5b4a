"""Noticing that a project changed.

Folders with code and assets are watched with all they hold, those of the configuration only by
themselves: there the environment, the state and the history of the project lie as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.config import WorldConfig
from edge.kernel.tasks import spawn

#: Short, because a reload is cheap; long enough for an editor's write and rename to count once.
DEBOUNCE_MS = 40
STEP_MS = 10
_IGNORED = frozenset(
    {".git", ".hg", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".venv", ".venv-workers", ".wrangler",
     "__pycache__", "node_modules", "site-packages"}
)  # fmt: skip
_IGNORED_SUFFIXES = frozenset(
    {".pyc", ".pyo", ".swp", ".swx", ".tmp", ".sqlite", ".sqlite-wal", ".sqlite-shm"}
)


@dataclass(frozen=True, slots=True)
class Watched:
    """What a project consists of."""

    trees: tuple[Path, ...]
    files: frozenset[Path]

    @classmethod
    def of(cls, config: WorldConfig, files: Iterable[Path]) -> Watched:
        trees: list[Path] = []
        for worker in config.workers:
            trees += [] if worker.main is None else [worker.main.parent]
            trees += [worker.root / "python_modules"]
            trees += [] if worker.assets is None else [worker.assets.directory]
        existing = dict.fromkeys(tree.resolve() for tree in trees if tree.is_dir())
        return cls(tuple(existing), frozenset(file.resolve() for file in files))

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders of the single files."""
        return tuple(dict.fromkeys(file.parent for file in sorted(self.files) if file.parent.is_dir()))

    def concerns(self, path: Path) -> bool:
        """Whether a change of `path` changes the project."""
        if path in self.files:
            return True
        tree = next((tree for tree in self.trees if path.is_relative_to(tree)), None)
        if tree is None:
            return False
        inside = path.relative_to(tree)
        if path.suffix in _IGNORED_SUFFIXES or path.name.endswith("~"):
            return False
        return not _IGNORED.intersection(inside.parts)


async def changes(watched: Watched, stop: asyncio.Event) -> AsyncGenerator[set[Path], None]:
    """Yields the paths that changed, until `stop` is set."""
    queue: asyncio.Queue[set[Path]] = asyncio.Queue()
    feeds = [
        spawn(_feed(watched, folders, recursive, stop, queue), name="watch files")
        for folders, recursive in ((watched.trees, True), (watched.folders, False))
        if folders
    ]
    try:
        while not stop.is_set():
            changed = await queue.get()
            while not queue.empty():  # both watches may report the same save
                changed |= queue.get_nowait()
            if changed:
                yield changed
    finally:
        for feed in feeds:
            feed.cancel()


async def _feed(
    watched: Watched,
    folders: tuple[Path, ...],
    recursive: bool,
    stop: asyncio.Event,
    queue: asyncio.Queue[Any],
) -> None:
    from watchfiles import awatch

    async for found in awatch(
        *folders,
        watch_filter=lambda _change, path: watched.concerns(Path(path)),
        debounce=DEBOUNCE_MS,
        step=STEP_MS,
        stop_event=stop,
        recursive=recursive,
        ignore_permission_denied=True,
    ):
        queue.put_nowait({Path(path) for _, path in found})
    queue.put_nowait(set())
