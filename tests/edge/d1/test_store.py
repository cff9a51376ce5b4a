"""Requests and transactions of a database, in real threads and in virtual time."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import apsw
import pytest

from edge.d1.store import Query, QueryFailed, Store
from edge.kernel.clock import VirtualClock, WallClock
from tests.loops import run, run_virtual

_TABLE = "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT UNIQUE)"
_FOREIGN = (
    "CREATE TABLE parent (id INTEGER PRIMARY KEY);"
    "CREATE TABLE child (p INTEGER REFERENCES parent(id) DEFERRABLE INITIALLY DEFERRED)"
)


def insert(number: int, text: str) -> list[Query]:
    return [Query("INSERT INTO t VALUES (?, ?)", (float(number), text))]


async def count(store: Store, table: str = "t") -> object:
    (answer,) = await store.run([Query(f"SELECT count(*) FROM {table}")])
    return answer.rows[0][0]


def test_requests_that_come_together_each_get_their_own_answer(tmp_path: Path) -> None:
    async def script() -> None:
        store = Store(tmp_path / "d.sqlite", WallClock())
        await store.run([Query(_TABLE)])
        # Every third one fails; the others share commits with it.
        names = [str(number if number % 3 else number - 1 if number else 2) for number in range(30)]
        outcomes = await asyncio.gather(
            *(store.run(insert(number, name)) for number, name in enumerate(names)), return_exceptions=True
        )
        failed = {number for number, outcome in enumerate(outcomes) if isinstance(outcome, QueryFailed)}
        assert len(failed) == 30 - len(set(names))
        assert await count(store) == len(set(names))
        for number, outcome in enumerate(outcomes):
            if number in failed:
                assert str(outcome).startswith("UNIQUE constraint failed: t.v: SQLITE_CONSTRAINT")
            else:
                assert isinstance(outcome, list)
                assert (outcome[0].meta.changes, outcome[0].meta.last_row_id) == (1, number)
        await store.close()

    run(script())


def test_a_failing_commit_fails_alone(tmp_path: Path) -> None:
    async def script() -> None:
        store = Store(tmp_path / "d.sqlite", WallClock())
        await store.run([Query(_FOREIGN), Query(_TABLE)])
        outcomes = await asyncio.gather(
            count(store),  # keeps the thread busy, so that the others wait together
            store.run(insert(1, "a")),
            store.run([Query("INSERT INTO child VALUES (7)")]),
            store.run(insert(2, "b")),
            return_exceptions=True,
        )
        assert [type(outcome) for outcome in outcomes] == [int, list, QueryFailed, list]
        assert (
            str(outcomes[2])
            == "FOREIGN KEY constraint failed: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_FOREIGNKEY)"
        )
        assert await count(store) == 2
        assert await count(store, "child") == 0
        await store.close()

    run(script())


def test_a_request_is_all_or_nothing() -> None:
    async def script() -> None:
        store = Store(None, VirtualClock())
        await store.run([Query(_TABLE)])
        with pytest.raises(QueryFailed, match="no such table: nope"):
            await store.run([*insert(1, "a"), Query("CREATE TABLE u (a)"), Query("SELECT * FROM nope")])
        assert await count(store) == 0
        with pytest.raises(QueryFailed, match="no such table: u: SQLITE_ERROR"):
            await count(store, "u")
        await store.close()

    run_virtual(script())


def test_what_was_answered_is_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "d.sqlite"

    async def script() -> None:
        store = Store(path, VirtualClock())
        await store.run([Query(_TABLE), *insert(5, "x")])
        other = sqlite3.connect(path)
        assert other.execute("SELECT * FROM t").fetchall() == [(5, "x")]
        other.close()
        await store.close()
        again = Store(path, VirtualClock())
        assert await count(again) == 1
        assert again.bookmark == "00000000-00000001-00000000-" + "0" * 32
        await again.close()

    run_virtual(script())


def test_what_is_read_makes_no_transaction(tmp_path: Path) -> None:
    async def script() -> None:
        store = Store(tmp_path / "d.sqlite", VirtualClock())
        await store.run([Query(_TABLE), *insert(1, "a")])
        writer = apsw.Connection(str(tmp_path / "d.sqlite"))
        writer.execute("BEGIN IMMEDIATE")
        assert await count(store) == 1  # another process may hold the write lock
        writer.execute("ROLLBACK")
        writer.close()
        before = store.bookmark
        await count(store)
        assert store.bookmark == before
        await store.run(insert(2, "b"))
        assert store.bookmark > before
        await store.close()

    run_virtual(script())


def test_the_row_id_is_the_users() -> None:
    async def script() -> None:
        store = Store(None, VirtualClock())
        await store.run([Query(_TABLE), *insert(41, "a")])
        (answer,) = await store.run([Query("SELECT last_insert_rowid()")])
        assert (answer.rows, answer.meta.last_row_id, answer.meta.changed_db) == ([[41]], 41, False)
        await store.close()

    run_virtual(script())


def test_settings_are_out_of_reach() -> None:
    async def script() -> None:
        store = Store(None, VirtualClock())
        await store.run([Query(_FOREIGN.replace(" DEFERRABLE INITIALLY DEFERRED", ""))])
        await store.run([Query("PRAGMA foreign_keys = OFF")])
        with pytest.raises(QueryFailed, match="FOREIGN KEY constraint failed"):
            await store.run([Query("INSERT INTO child VALUES (1)")])
        await store.run(
            [
                Query("PRAGMA defer_foreign_keys = ON"),
                Query("INSERT INTO child VALUES (1)"),
                Query("INSERT INTO parent VALUES (1)"),
            ]
        )
        assert await count(store, "child") == 1
        await store.close()

    run_virtual(script())


def test_a_caller_that_gives_up_leaves_the_others(tmp_path: Path) -> None:
    async def script() -> None:
        store = Store(tmp_path / "d.sqlite", WallClock())
        await store.run([Query(_TABLE)])
        first = asyncio.create_task(store.run(insert(1, "a")))
        second = asyncio.create_task(store.run(insert(2, "b")))
        await asyncio.sleep(0)
        first.cancel()
        assert (await second)[0].meta.last_row_id == 2
        assert await count(store) == 2  # what was asked for is done
        await store.close()
        with pytest.raises(QueryFailed, match="the database is closed"):
            await count(store)

    run(script())


def test_columns_follow_the_schema() -> None:
    async def script() -> None:
        store = Store(None, VirtualClock())
        select = [Query("SELECT * FROM t")]
        await store.run([Query("CREATE TABLE t (a)")])
        assert (await store.run(select))[0].columns == ("a",)
        with pytest.raises(QueryFailed):
            await store.run([Query("ALTER TABLE t ADD COLUMN b"), *select, Query("nonsense")])
        assert (await store.run(select))[0].columns == ("a",)
        await store.close()

    run_virtual(script())


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    async def script() -> None:
        (tmp_path / "folder").mkdir()
        store = Store(tmp_path / "folder", VirtualClock())
        with pytest.raises(QueryFailed, match="SQLITE_CANTOPEN"):
            await count(store)
        await store.close()

    run_virtual(script())


def test_a_blob_in_the_text_of_a_statement() -> None:
    """Its bytes stand in the statement's program, too, which is read for the counters."""

    async def script() -> None:
        store = Store(None, VirtualClock())
        await store.run([Query("CREATE TABLE b (a)")])
        (answer,) = await store.run([Query("INSERT INTO b VALUES ('x'), (x'01ff')")])
        assert (answer.meta.changes, answer.meta.rows_written) == (2, 2)
        assert (await store.run([Query("SELECT a FROM b")]))[0].rows == [["x"], [[1, 255]]]
        await store.close()

    run_virtual(script())
