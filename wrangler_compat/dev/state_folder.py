"""The folder that data is kept in: whether it can be, and whether somebody else does so already."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from edge.config import WorldConfig
from edge.errors import UserError
from wrangler_compat.dev.console import Console

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_LOCK = ".edge-dev.lock"


@contextmanager
def held(folder: Path, console: Console) -> Iterator[None]:
    """Keep `folder` as this server's own; warns when another one has it, as two of them would each run
    every Durable Object. The lock ends with the process, however that ends. Raises UserError when nothing
    can be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / _LOCK).open("a")
    except OSError as error:
        raise UserError(
            f"cannot keep data in {folder}: {error.strerror}; choose another folder with --persist-to"
        ) from None
    with lock:
        if not _locked(lock):
            console.warn(
                f"another `edge dev` keeps its data in {folder}, too: Durable Objects will run twice, and KV "
                f"reads may be stale. Give one of them a folder of its own with --persist-to."
            )
        yield


def _locked(file: IO[str]) -> bool:
    if fcntl is None:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def keeps_data(world: WorldConfig) -> bool:
    """Whether any Worker has something to store."""
    return any(
        worker.kv
        or worker.durable
        or worker.d1
        or worker.r2
        or worker.vectorize
        or worker.queues
        # What others have sent is kept, too.
        or worker.queue_consumers
        for worker in world.workers
    )
