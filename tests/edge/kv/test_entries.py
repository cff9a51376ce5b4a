"""The SQL of a namespace: transactions that happen whole or not at all."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Awaitable, Callable

import pytest

from edge.kv.database import DirectConnection, prepare
from edge.kv.entries import Entries
from edge.kv.logic.entry import Entry
from edge.kv.logic.listing import ListedKey, plan
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
        assert not connection.in_transaction
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
