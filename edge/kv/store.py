"""The store of one namespace: durable entries in SQLite, the hot ones in memory.

Strongly consistent: a read sees every write that was acknowledged before it began. Nothing is on disk
until first use. Reads answer from memory where they can; `peek` does so without a coroutine.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Mapping
from pathlib import Path

from edge.kernel.clock import Clock
from edge.kernel.random import RandomStreams
from edge.kernel.spans import tag
from edge.kernel.tasks import spawn
from edge.kv.database import Database, Durability, open_database, runs_in_threads
from edge.kv.entries import Entries
from edge.kv.errors import KvStorageError, storage_errors
from edge.kv.foreign_writes import ForeignWrites
from edge.kv.group_commit import Changes, GroupCommitter
from edge.kv.hot_cache import HotCache
from edge.kv.logic.entry import ABSENT, Entry
from edge.kv.logic.listing import Page, Stretch, page
from edge.kv.value_files import ValueFiles

_log = logging.getLogger("edge.kv")


class _Load:
    """A read on its way from the disk; `overtaken` when a commit has made its answer old."""

    __slots__ = ("overtaken",)

    def __init__(self) -> None:
        self.overtaken = False


class Store:
    """Entries by key at `path`, or in memory when it is None."""

    def __init__(
        self,
        path: Path | None,
        clock: Clock,
        *,
        durability: Durability = "full",
        random: RandomStreams | None = None,
        cache: HotCache | None = None,
        values: Path | None = None,
    ) -> None:
        """`values` is the folder of the values' files (None: they are rows only, which nobody else reads)."""
        self._path = path
        self._clock = clock
        self._durability: Durability = durability
        self._random = random or RandomStreams()
        self._cache = cache or HotCache()
        self._files = None if values is None else ValueFiles(values, clock, durable=durability == "full")
        self._entries = Entries(self._new_blob_id, self._files)
        watched = path is not None and runs_in_threads(path, clock)
        self._foreign = ForeignWrites(path, clock) if watched and path is not None else None
        self._loads: dict[str, list[_Load]] = {}
        self._database: Database | None = None
        self._committer: GroupCommitter | None = None
        self._opening: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    @property
    def where(self) -> str:
        """The file, for messages."""
        return "in memory" if self._path is None else str(self._path)

    def peek(self, key: str) -> Entry | None:
        """The entry of `key`, or `ABSENT`, from memory; None when only the disk knows."""
        if self._foreign is not None and self._database is not None and self._foreign.suspects():
            self._ask_foreign(self._foreign, self._database)
        entry = self._cache.get(key)
        if entry is not None and entry.expiration_ms is not None and entry.expired(self._clock.now_ms()):
            return ABSENT
        return entry

    async def read(self, key: str) -> Entry | None:
        """The entry of `key`, None when there is none or it has expired. Raises `KvStorageError`."""
        entry = self.peek(key)
        tag(store="disk" if entry is None else "memory")
        if entry is None:
            entry = await self._load(key)
            if entry.expired(self._clock.now_ms()):
                self._cache.discard(key)
                self._remove_expired()
                return None
        return None if entry is ABSENT else entry

    async def write(self, key: str, entry: Entry | None) -> None:
        """Put `entry`, or remove `key` when it is None; durable on return. Raises `KvStorageError`."""
        await self.write_all({key: entry})

    async def write_all(self, changes: Mapping[str, Entry | None]) -> None:
        """Several writes that become durable together, or not at all. Raises `KvStorageError`."""
        committer = self._committer or (await self._opened())[1]
        await committer.write_all(changes)

    async def list(self, stretch: Stretch) -> Page:
        """The first page of the keys of `stretch`. Raises `KvStorageError`."""
        database, _ = await self._opened()
        now_ms = self._clock.now_ms()
        with storage_errors(self.where):
            rows = await self._entries.list(database.reader, stretch, now_ms)
            if not self._closed and await self._entries.has_expired(database.reader, now_ms):
                self._remove_expired()
        return page(rows, stretch.limit)

    async def close(self) -> None:
        """Finish what is under way and close the file; every later use raises `KvStorageError`."""
        self._closed = True
        if self._opening is not None:
            await asyncio.gather(self._opening, return_exceptions=True)
        if self._committer is not None:
            await self._committer.close()
        database, self._database, self._committer = self._database, None, None
        self._cache.clear()
        if database is not None:
            await database.close()

    def committed(self, changes: Changes) -> None:
        """Observer of the committer: from here on every read sees `changes`."""
        for key, entry in changes.items():
            for load in self._loads.get(key, ()):
                load.overtaken = True
            self._cache.set(key, ABSENT if entry is None else entry)

    def failed(self, changes: Changes) -> None:
        """Observer of the committer: whether a failed commit reached the disk only the disk knows."""
        for key in changes:
            self._cache.discard(key)

    async def _load(self, key: str) -> Entry:
        database, _ = await self._opened()
        load = _Load()
        self._loads.setdefault(key, []).append(load)
        try:
            with storage_errors(self.where):
                entry = await self._entries.read(database.reader, key) or ABSENT
        finally:
            self._loads[key].remove(load)
            if not self._loads[key]:
                del self._loads[key]
        if not load.overtaken:
            self._cache.set(key, entry)
        return entry

    def _ask_foreign(self, foreign: ForeignWrites, database: Database) -> None:
        spawn(self._believe(foreign, database), name="kv.foreign", context=contextvars.Context())

    async def _believe(self, foreign: ForeignWrites, database: Database) -> None:
        """Forget what is in memory when another program wrote."""
        try:
            with storage_errors(self.where):
                found = await foreign.found(database.writer)
        except KvStorageError as error:
            if not self._closed:
                _log.warning("cannot tell whether another program wrote: %s", error)
            return
        if found:
            self._cache.clear()
            for load in [load for loads in self._loads.values() for load in loads]:
                load.overtaken = True

    def _remove_expired(self) -> None:
        """Expired rows are invisible already: getting rid of them is not worth failing a read for."""
        if self._committer is None:  # closed meanwhile
            return
        spawn(
            self._removal(self._committer, self._clock.now_ms()),
            name="kv.remove_expired",
            context=contextvars.Context(),
        )

    async def _removal(self, committer: GroupCommitter, before_ms: int) -> None:
        try:
            await committer.remove_expired(before_ms)
        except KvStorageError as error:
            _log.warning("expired KV entries stay for now: %s", error)

    async def _opened(self) -> tuple[Database, GroupCommitter]:
        while self._database is None or self._committer is None:
            if self._closed:
                raise KvStorageError(f"the namespace is closed ({self.where})")
            if not runs_in_threads(self._path, self._clock):
                await self._open()
                continue
            if self._opening is None:
                # Shared by all who come meanwhile, so it belongs to none of their contexts.
                self._opening = spawn(self._open(), name="kv.open", context=contextvars.Context())
            await asyncio.shield(self._opening)
        return self._database, self._committer

    async def _open(self) -> None:
        try:
            with storage_errors(self.where):
                restore = (lambda connection: None) if self._files is None else self._files.restore
                database = await open_database(self._path, self._clock, self._durability, restore)
                if self._foreign is not None:
                    await self._foreign.found(database.writer)  # from here on
        finally:
            self._opening = None
        self._database = database
        self._committer = GroupCommitter(
            database.writer,
            self._entries,
            self,
            where=self.where,
            inline=not runs_in_threads(self._path, self._clock),
        )

    def _new_blob_id(self) -> str:
        # Miniflare's form: 32 random bytes and the time in ms as 8 bytes, in hexadecimal.
        return self._random.bytes("kv.blob_id", 32).hex() + f"{self._clock.now_ms():016x}"
