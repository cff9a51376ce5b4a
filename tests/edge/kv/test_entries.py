"""The SQL of a namespace: transactions that happen whole or not at all."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from edge.kernel.clock import WallClock
from edge.kv.database import DirectConnection, open_database, prepare
from edge.kv.entries import Entries, list_sql
from edge.kv.logic.entry import Entry
from edge.kv.logic.listing import ListedKey, encode_cursor, plan
from tests.loops import run


def play(scenario: Callable[[Entries, DirectConnection], Awaitable[None]]) -> None:
    async def whole() -> None:
        plain = sqlite3.connect(":memory:", isolation_level=None)
        prepare(plain)
        connection = DirectConnection(plain)
        numbers = itertools.count()
        await scenario(Entries(lambda: f"blob{next(numbers)}"), connection)
        await connection.close()

    run(whole())


def test_change_puts_and_removes() -> None:
    async def scenario(entries: Entries, connection: DirectConnection) -> None:
        async with entries.transaction(connection):
            await entries.change(connection, {"a": Entry(b"1", "[]", 5), "b": Entry(b"2"), "none": None})
        async with entries.transaction(connection):
            await entries.change(connection, {"b": None, "a": Entry(b"3")})
        assert await entries.read(connection, "a") == Entry(b"3")
        assert await entries.read(connection, "b") is None
        assert list(await connection.execute_fetchall("SELECT * FROM _edge_values")) == [("blob2", b"3")]

    play(scenario)


def test_failing_inside_takes_everything_back() -> None:
    async def scenario(entries: Entries, connection: DirectConnection) -> None:
        async def fails() -> None:
            async with entries.transaction(connection):
                await entries.change(connection, {"a": Entry(b"1")})
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await fails()
        assert await entries.read(connection, "a") is None

    play(scenario)


def test_the_first_error_is_the_one_told() -> None:
    async def scenario(entries: Entries, connection: DirectConnection) -> None:
        async def fails() -> None:
            async with entries.transaction(connection):
                await connection.execute_fetchall("ROLLBACK")  # as SQLite does by itself on a full disk
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await fails()

    play(scenario)


def test_expired_rows_are_found_and_removed_with_their_values() -> None:
    async def scenario(entries: Entries, connection: DirectConnection) -> None:
        async with entries.transaction(connection):
            await entries.change(connection, {"a": Entry(b"1", None, 100), "b": Entry(b"2")})
        assert not await entries.has_expired(connection, 100)
        assert await entries.has_expired(connection, 101)
        assert await entries.list(connection, plan("", None, 0), 100) == [ListedKey("a", 100), ListedKey("b")]
        assert await entries.list(connection, plan("", None, 0), 101) == [ListedKey("b")]
        async with entries.transaction(connection):
            await entries.remove_expired(connection, 101)
        assert await entries.read(connection, "a") is None
        assert list(await connection.execute_fetchall("SELECT blob_id FROM _edge_values")) == [("blob1",)]

    play(scenario)


def test_list_gives_one_more_than_its_limit() -> None:
    async def scenario(entries: Entries, connection: DirectConnection) -> None:
        async with entries.transaction(connection):
            await entries.change(connection, {name: Entry(b"") for name in "abcd"})
        listed = await entries.list(connection, plan("", None, 2), 0)
        assert [key.name for key in listed] == ["a", "b", "c"]

    play(scenario)


@pytest.mark.parametrize(
    ("prefix", "cursor", "searched"),
    [("", None, "key>?"), ("a", None, "key>? AND key<?"), ("a", encode_cursor("ab"), "key>? AND key<?")],
)
def test_list_walks_only_its_stretch(prefix: str, cursor: str | None, searched: str) -> None:
    """Otherwise a short prefix at the front of a large namespace reads all the rest of it."""

    async def scenario(entries: Entries, connection: DirectConnection) -> None:
        stretch = plan(prefix, cursor, 0)
        bounds = (stretch.start,) if stretch.end is None else (stretch.start, stretch.end)
        steps = await connection.execute_fetchall("EXPLAIN QUERY PLAN " + list_sql(stretch), (*bounds, 0, 1))
        assert [step[3] for step in steps] == [
            f"SEARCH _mf_entries USING INDEX sqlite_autoindex__mf_entries_1 ({searched})"
        ]

    play(scenario)


def test_transaction_cancelled_while_a_thread_is_at_work_leaves_nothing_open(tmp_path: Path) -> None:
    async def scenario() -> None:
        database = await open_database(tmp_path / "x.sqlite", WallClock(), "full")
        numbers = itertools.count()
        entries = Entries(lambda: f"blob{next(numbers)}")  # a cancelled commit may have gone through

        async def writes() -> None:
            async with entries.transaction(database.writer):
                await entries.change(database.writer, {"k": Entry(b"v")})

        for turns in range(40):
            task = asyncio.create_task(writes())
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        async with entries.transaction(database.writer):
            await entries.change(database.writer, {"after": Entry(b"v")})
        assert await entries.read(database.reader, "after") == Entry(b"v")
        await database.close()

    run(scenario())
