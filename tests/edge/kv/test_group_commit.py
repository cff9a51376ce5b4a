"""Group commit: how many commits writers share, and what they are told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest

from edge.kernel.tasks import spawn
from edge.kv.database import Connection
from edge.kv.entries import Entries
from edge.kv.errors import KvStorageError
from edge.kv.group_commit import Changes, GroupCommitter
from edge.kv.logic.entry import Entry
from tests.loops import run


class SlowEntries(Entries):
    """Transactions that begin and commit when the test lets them, and note what was in them."""

    def __init__(self) -> None:
        super().__init__(lambda: "blob")
        self.begin = asyncio.Event()
        self.commit = asyncio.Event()
        self.begin.set()
        self.committed: list[list[str]] = []
        self.error: BaseException | None = None

    @asynccontextmanager
    async def transaction(self, connection: Connection) -> AsyncIterator[None]:
        await self.begin.wait()
        yield
        await self.commit.wait()
        if self.error is not None:
            self.committed.pop()
            raise self.error

    async def change(self, connection: Connection, changes: Mapping[str, Entry | None]) -> None:
        self.committed.append(list(changes))

    async def remove_expired(self, connection: Connection, before_ms: int) -> None:
        self.committed.append([f"expired before {before_ms}"])


class Log:
    """An observer that remembers."""

    def __init__(self) -> None:
        self.events: list[tuple[str, list[str]]] = []

    def committed(self, changes: Changes) -> None:
        self.events.append(("committed", list(changes)))

    def failed(self, changes: Changes) -> None:
        self.events.append(("failed", list(changes)))


class NoConnection:
    """The entries of these tests do not touch it."""

    async def execute_fetchall(self, *arguments: object) -> list[object]:
        raise AssertionError

    async def executemany(self, *arguments: object) -> object:
        raise AssertionError

    async def close(self) -> None:
        raise AssertionError


def committer(entries: Entries, log: Log) -> GroupCommitter:
    return GroupCommitter(NoConnection(), entries, log, where="here", inline=False)


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def test_writes_that_come_during_a_commit_share_the_next() -> None:
    async def scenario() -> None:
        entries, log = SlowEntries(), Log()
        group = committer(entries, log)
        first = spawn(group.write("a", Entry(b"")), name="a")
        await turns()
        others = [spawn(group.write(key, None), name=key) for key in "bcdb"]
        await turns()
        assert entries.committed == [["a"]]
        assert not first.done()
        assert log.events == []
        entries.commit.set()
        await asyncio.gather(first, *others)
        assert entries.committed == [["a"], ["b", "c", "d"]]
        assert log.events == [("committed", ["a"]), ("committed", ["b", "c", "d"])]

    run(scenario())


def test_writes_may_join_until_the_transaction_has_begun() -> None:
    async def scenario() -> None:
        entries, log = SlowEntries(), Log()
        entries.commit.set()
        entries.begin.clear()
        group = committer(entries, log)
        writes = [spawn(group.write("a", None), name="a")]
        await turns()
        writes.append(spawn(group.write("b", None), name="b"))
        await turns()
        entries.begin.set()
        await asyncio.gather(*writes)
        assert entries.committed == [["a", "b"]]

    run(scenario())


def test_failure_is_told_to_every_writer_and_to_no_later_one() -> None:
    async def scenario() -> None:
        entries, log = SlowEntries(), Log()
        group = committer(entries, log)
        writes = [spawn(group.write(key, None), name=key) for key in "ab"]
        await turns()
        later = spawn(group.write("c", None), name="c")
        await turns()
        entries.error = OSError("disk on fire")
        entries.commit.set()
        results = await asyncio.gather(*writes, return_exceptions=True)
        entries.error = None
        assert [(type(result), str(result)) for result in results] == [
            (KvStorageError, "disk on fire (here)")
        ] * 2
        assert log.events[0] == ("failed", ["a", "b"])
        await asyncio.gather(later, return_exceptions=True)
        await group.write("d", None)
        assert entries.committed[-1] == ["d"]

    run(scenario())


def test_bug_in_the_committer_hangs_nobody() -> None:
    async def scenario() -> None:
        entries = SlowEntries()
        entries.commit.set()
        entries.error = ZeroDivisionError("a bug")
        group = committer(entries, Log())
        with pytest.raises(ZeroDivisionError):
            await group.write("a", None)

    run(scenario())


def test_cancelled_committer_hangs_nobody() -> None:
    async def scenario() -> None:
        group = committer(SlowEntries(), Log())
        under_way = spawn(group.write("a", None), name="a")
        await turns()
        waiting = spawn(group.write("b", None), name="b")
        await turns()
        assert group._run is not None
        group._run.cancel()
        for write in (under_way, waiting):
            with pytest.raises(KvStorageError, match="stopped before the write was durable"):
                await write

    run(scenario())


def test_expired_rows_leave_with_the_next_group() -> None:
    async def scenario() -> None:
        entries, log = SlowEntries(), Log()
        entries.commit.set()
        group = committer(entries, log)
        await asyncio.gather(group.remove_expired(7), group.write("a", None))
        assert entries.committed == [["expired before 7"], ["a"]]

    run(scenario())


def test_closing_finishes_and_refuses() -> None:
    async def scenario() -> None:
        entries, log = SlowEntries(), Log()
        entries.commit.set()
        group = committer(entries, log)
        write = spawn(group.write("a", None), name="a")
        await turns(1)
        await group.close()
        await write
        with pytest.raises(KvStorageError, match=r"the namespace is closed \(here\)"):
            await group.write("b", None)
        assert log.events == [("committed", ["a"])]

    run(scenario())
