"""Group commit: one durable transaction for all writes that came while the last one was under way.

A commit costs a flush to the disk whatever it holds. So a write does not commit by itself: it joins
the open group, and one committer takes group after group. Writers of a group wait for the same flush,
and each is told only after it (or that it failed).
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import sqlite3
from collections.abc import Mapping
from typing import Protocol

from edge.kernel.tasks import spawn
from edge.kv.database import Connection
from edge.kv.entries import Entries
from edge.kv.errors import KvStorageError
from edge.kv.logic.entry import Entry

_log = logging.getLogger("edge.kv")

Changes = dict[str, Entry | None]


class Observer(Protocol):
    """Is told of a group's end before its writers are."""

    def committed(self, changes: Changes) -> None: ...

    def failed(self, changes: Changes) -> None: ...


class Group:
    """Writes that become durable together; the last one to a key wins."""

    __slots__ = ("changes", "done", "expired_before_ms")

    def __init__(self) -> None:
        self.changes: Changes = {}
        self.expired_before_ms: int | None = None
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def fail(self, error: BaseException) -> None:
        self.done.set_exception(error)
        self.done.exception()  # a clean-up group has no writer to look at it: seen, not lost (see _finish)


class GroupCommitter:
    """The one writer of a namespace. `inline` commits each write at once, without a task."""

    def __init__(
        self, connection: Connection, entries: Entries, observer: Observer, *, where: str, inline: bool
    ) -> None:
        self._connection = connection
        self._entries = entries
        self._observer = observer
        self._where = where
        self._inline = inline
        self._open_group: Group | None = None
        self._run: asyncio.Task[None] | None = None
        self._closed = False

    async def write(self, key: str, entry: Entry | None) -> None:
        """Put `entry`, or remove `key` when it is None. Durable on return; raises `KvStorageError`."""
        await self.write_all({key: entry})

    async def write_all(self, changes: Mapping[str, Entry | None]) -> None:
        """Several writes of one group: all of them or none. Raises `KvStorageError`."""
        group = self._joined()
        group.changes.update(changes)
        await self._finish(group)

    async def remove_expired(self, before_ms: int) -> None:
        """Remove rows that expired before `before_ms`, with the next group."""
        group = self._joined()
        group.expired_before_ms = before_ms
        await self._finish(group)

    async def close(self) -> None:
        """Finish what is open and under way; later writes raise `KvStorageError`."""
        self._closed = True
        while self._run is not None:
            await asyncio.shield(self._run)

    def _joined(self) -> Group:
        if self._closed:
            raise KvStorageError(f"the namespace is closed ({self._where})")
        if self._open_group is None:
            self._open_group = Group()
        return self._open_group

    async def _finish(self, group: Group) -> None:
        if self._inline:
            await self._commit()
        elif self._run is None:
            # In a context of its own: the gates of the Durable Object that happens to write first
            # must not hold the writes of all others.
            self._run = spawn(self._commit_all(), name="kv.commit", context=contextvars.Context())
        # Shielded: one writer that is cancelled must not cancel the group for the others.
        await (group.done if group.done.done() else asyncio.shield(group.done))

    async def _commit_all(self) -> None:
        try:
            while self._open_group is not None:
                await self._commit()
        except BaseException as stop:
            if self._open_group is not None:  # it came while the cancelled commit was under way
                self._fail(self._take(), stop)
            raise
        finally:
            self._run = None

    async def _commit(self) -> None:
        group: Group | None = None
        try:
            async with self._entries.transaction(self._connection):
                # Taken only now: writers woken by the last commit had the time of BEGIN to join.
                group = self._take()
                if group.expired_before_ms is not None:
                    await self._entries.remove_expired(self._connection, group.expired_before_ms)
                if group.changes:
                    await self._entries.change(self._connection, group.changes)
        except BaseException as error:
            self._fail(group or self._take(), error)
            if not isinstance(error, Exception):
                raise
            await self._settle(committed=False)
        else:
            self._observer.committed(group.changes)
            group.done.set_result(None)
            await self._settle(committed=True)

    async def _settle(self, *, committed: bool) -> None:
        try:
            await self._entries.settle(committed=committed)
        except OSError as error:
            # No row names these files: what stays is litter, and no reason to fail a write.
            _log.warning("old values of KV stay for now: %s", error)

    def _take(self) -> Group:
        group, self._open_group = self._open_group, None
        assert group is not None, "a commit begins only when there is something to write"
        return group

    def _fail(self, group: Group, error: BaseException) -> None:
        self._observer.failed(group.changes)
        if isinstance(error, (sqlite3.Error, OSError)):
            reason: BaseException = KvStorageError(f"{error} ({self._where})")
            reason.__cause__ = error
        elif isinstance(error, Exception):
            reason = error
        else:
            reason = KvStorageError(f"stopped before the write was durable ({self._where})")
        group.fail(reason)
