"""The folder that data is kept in: whether it can be, and whose Durable Objects are in it."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO
from urllib.parse import quote

from edge.config import WorldConfig
from edge.durable.data_name import data_name
from edge.errors import UserError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_LOCKS = ".edge-dev"


class StateFolder:
    """What a server uses of a folder. Files of KV, R2, D1 and caches can be open in several processes. A
    Durable Object lives in one: two would each have its memory and ring its alarms, and neither would know
    what the other one is about to write. So does a queue, whose messages are counted in memory. The locks
    end with the process, however that ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._locks: dict[str, IO[str]] = {}
        self._open = ExitStack()

    def __enter__(self) -> StateFolder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()
        self._locks.clear()

    def take(self, world: WorldConfig) -> None:
        """Make the folder if `world` stores anything, and take its Durable Objects and queues. Raises
        UserError when nothing can be written there, or another server has them."""
        if not keeps_data(world):
            return
        try:
            self._path.mkdir(parents=True, exist_ok=True)
            for name in self._durable_names(world):
                self._lock(name, f"the Durable Objects {name}")
            for name in _queue_names(world):
                self._lock(f"queue-{name}", f"the queue {name}")
        except OSError as error:
            raise UserError(
                f"cannot keep data in {self._path}: {error.strerror}; choose another folder with --persist-to"
            ) from None

    def _durable_names(self, world: WorldConfig) -> list[str]:
        workers = {worker.name: worker for worker in world.workers}
        owned = [
            (owner, binding.class_name)
            for worker in world.workers
            for binding in worker.durable
            if (owner := workers.get(binding.script or worker.name)) is not None
        ]
        return [data_name(owner, class_name, self._path, self._locks) for owner, class_name in owned]

    def _lock(self, name: str, what: str) -> None:
        if name in self._locks or fcntl is None:
            return
        folder = self._path / _LOCKS
        folder.mkdir(exist_ok=True)
        file = self._open.enter_context((folder / f"{quote(name, safe='')}.lock").open("a"))
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(
                f"another `edge dev` runs {what} with the data in {self._path}, and only one can. Stop it, "
                "or give this one a folder of its own with --persist-to."
            ) from None
        self._locks[name] = file


def _queue_names(world: WorldConfig) -> list[str]:
    names = [binding.queue for worker in world.workers for binding in worker.queues]
    for worker in world.workers:
        for consumer in worker.queue_consumers:
            names += [consumer.queue, *filter(None, [consumer.dead_letter_queue])]
    return names


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
