"""Opening databases: where threads are used, and that opening twice changes nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import aiosqlite
import pytest

from edge.kernel.clock import VirtualClock, WallClock
from edge.kv.database import DirectConnection, open_database, prepare, runs_in_threads
from tests.loops import run, run_virtual


def test_only_files_in_real_time_get_threads(tmp_path: Path) -> None:
    assert runs_in_threads(tmp_path / "x", WallClock())
    assert not runs_in_threads(None, WallClock())
    assert not runs_in_threads(tmp_path / "x", VirtualClock())


def test_live_database_reads_beside_its_writer(tmp_path: Path) -> None:
    async def scenario() -> None:
        database = await open_database(tmp_path / "deep" / "x.sqlite", WallClock(), "full")
        assert isinstance(database.writer, aiosqlite.Connection)
        assert database.reader is not database.writer
        await database.writer.execute_fetchall("BEGIN IMMEDIATE")
        await database.writer.executemany("INSERT INTO _edge_values VALUES (?, ?)", [("id", b"v")])
        count = "SELECT count(*) FROM _edge_values"
        assert list(await database.reader.execute_fetchall(count)) == [(0,)], "not before the commit"
        await database.writer.execute_fetchall("COMMIT")
        assert list(await database.reader.execute_fetchall(count)) == [(1,)]
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            await database.reader.execute_fetchall("DELETE FROM _edge_values")
        await database.close()

    run(scenario())


@pytest.mark.parametrize("on_disk", [True, False])
def test_simulated_database_is_one_connection(tmp_path: Path, on_disk: bool) -> None:
    clock = VirtualClock()

    async def scenario() -> None:
        database = await open_database(tmp_path / "x.sqlite" if on_disk else None, clock, "relaxed")
        assert isinstance(database.writer, DirectConnection)
        assert database.reader is database.writer
        await database.close()

    run_virtual(scenario(), clock)
    assert (tmp_path / "x.sqlite").exists() == on_disk


def test_prepare_is_idempotent_and_completes_a_file_of_wranglers() -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute(
            "CREATE TABLE _mf_entries"
            " (key TEXT PRIMARY KEY, blob_id TEXT NOT NULL, expiration INTEGER, metadata TEXT)"
        )
        connection.execute("INSERT INTO _mf_entries VALUES ('k', 'b', NULL, NULL)")
        prepare(connection)
        prepare(connection)
        names = {
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE sql IS NOT NULL")
        }
        assert names == {"_mf_entries", "_mf_entries_expiration_idx", "_edge_values"}
        assert connection.execute("SELECT key FROM _mf_entries").fetchall() == [("k",)]
