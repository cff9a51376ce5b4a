"""One contract for both stores: with threads on a file, and without in memory."""

from __future__ import annotations

import asyncio
import contextvars
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from edge.kernel.tasks import resume_guard, spawn
from edge.kv.database import Durability
from edge.kv.errors import KvStorageError
from edge.kv.logic.entry import ABSENT, Entry
from edge.kv.logic.listing import ListedKey, Page, plan
from edge.kv.store import Store
from tests.edge.kv.worlds import SteppedClock, make_store
from tests.loops import run

NOW_MS = 1_800_000_000_000
Scenario = Callable[[Store, SteppedClock], Awaitable[None]]


@pytest.fixture(params=["file", "memory"])
def play(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., None]:
    """Run a scenario against a store of one of the two kinds."""

    def run_scenario(scenario: Scenario, *, cache_bytes_max: int | None = None) -> None:
        async def whole() -> None:
            clock = SteppedClock()
            path = tmp_path / "kv" / "ns.sqlite" if request.param == "file" else None
            store = make_store(path, clock, cache_bytes_max=cache_bytes_max)
            try:
                await scenario(store, clock)
            finally:
                await store.close()

        run(whole())

    return run_scenario


def test_reads_what_was_written(play: Callable[..., None]) -> None:
    async def scenario(store: Store, clock: SteppedClock) -> None:
        assert await store.read("k") is None
        await store.write("k", Entry(b"\0\xff", '{"a":1}', NOW_MS + 5000))
        assert await store.read("k") == Entry(b"\0\xff", '{"a":1}', NOW_MS + 5000)
        await store.write("k", Entry(b""))
        assert await store.read("k") == Entry(b"")
        await store.write("k", None)
        assert await store.read("k") is None

    play(scenario)


@pytest.mark.parametrize("cache_bytes_max", [0, None])
def test_the_disk_says_the_same_as_memory(play: Callable[..., None], cache_bytes_max: int | None) -> None:
    async def scenario(store: Store, clock: SteppedClock) -> None:
        await asyncio.gather(*(store.write(f"k{i}", Entry(b"%d" % i, f"[{i}]", None)) for i in range(20)))
        await store.write("k3", None)
        for i in range(20):
            expected = None if i == 3 else Entry(b"%d" % i, f"[{i}]", None)
            assert await store.read(f"k{i}") == expected

    play(scenario, cache_bytes_max=cache_bytes_max)


def test_absence_is_remembered_and_forgotten_on_write(play: Callable[..., None]) -> None:
    async def scenario(store: Store, clock: SteppedClock) -> None:
        assert store.peek("k") is None
        assert await store.read("k") is None
        assert store.peek("k") is ABSENT
        await store.write("k", Entry(b"v"))
        assert store.peek("k") == Entry(b"v")
        await store.write("k", None)
        assert store.peek("k") is ABSENT

    play(scenario)


@pytest.mark.parametrize("cache_bytes_max", [0, None])
def test_expires_to_the_millisecond(play: Callable[..., None], cache_bytes_max: int | None) -> None:
    async def scenario(store: Store, clock: SteppedClock) -> None:
        await store.write("k", Entry(b"v", None, NOW_MS + 60_000))
        clock.now_s += 59.999
        assert await store.read("k") == Entry(b"v", None, NOW_MS + 60_000)
        clock.now_s += 0.001
        assert await store.read("k") is None
        # A list still shows it in its last millisecond (spec kv.md section 4).
        assert (await store.list(plan("", None, 0))).keys == (ListedKey("k", NOW_MS + 60_000),)
        clock.now_s += 0.001
        assert (await store.list(plan("", None, 0))).keys == ()

    play(scenario, cache_bytes_max=cache_bytes_max)


def test_written_again_after_it_expired(play: Callable[..., None]) -> None:
    async def scenario(store: Store, clock: SteppedClock) -> None:
        await store.write("k", Entry(b"old", None, NOW_MS + 1000))
        clock.now_s += 2
        await asyncio.gather(store.list(plan("", None, 0)), store.write("k", Entry(b"new")))
        assert await store.read("k") == Entry(b"new")

    play(scenario, cache_bytes_max=0)


def test_lists_in_utf8_order(play: Callable[..., None]) -> None:
    names = ["l:b", "l:a", "l:B", "l:é", "l:%", "l:_x", "l:a1", "l:10", "l:9", "l:🎉"]
    names += ["m", "l", "l:\0", "l:m"]

    async def scenario(store: Store, clock: SteppedClock) -> None:
        for name in names:
            await store.write(name, Entry(b"v", '{"x":1}' if name == "l:m" else None))
        page = await store.list(plan("l:", None, 0))
        expected = sorted((name for name in names if name.startswith("l:")), key=str.encode)
        assert [key.name for key in page.keys] == expected
        assert [key.metadata_json for key in page.keys if key.name == "l:m"] == ['{"x":1}']
        assert page.cursor is None
        assert (await store.list(plan("l:_", None, 0))).keys == (ListedKey("l:_x"),)
        assert await store.list(plan("zzz", None, 0)) == Page(())

    play(scenario)


def test_pages_see_what_changed_behind_the_cursor(play: Callable[..., None]) -> None:
    async def scenario(store: Store, clock: SteppedClock) -> None:
        for i in range(7):
            await store.write(f"pg:{i}", Entry(b"v"))
        first = await store.list(plan("pg:", None, 3))
        assert [key.name for key in first.keys] == ["pg:0", "pg:1", "pg:2"]
        assert first.cursor == "cGc6Mg=="
        await store.write("pg:25", Entry(b"new"))
        await store.write("pg:3", None)
        second = await store.list(plan("pg:", first.cursor, 2))
        assert [key.name for key in second.keys] == ["pg:25", "pg:4"]
        assert second.cursor == "cGc6NA=="
        assert (await store.list(plan("pg:", None, 7))).cursor is None

    play(scenario)


def test_the_last_of_concurrent_writes_wins(play: Callable[..., None]) -> None:
    async def scenario(store: Store, clock: SteppedClock) -> None:
        await asyncio.gather(*(store.write("k", Entry(b"%d" % i)) for i in range(50)))
        assert await store.read("k") == Entry(b"49")
        await asyncio.gather(store.write("k", Entry(b"a")), store.write("k", None))
        assert await store.read("k") is None
        await asyncio.gather(store.write("k", None), store.write("k", Entry(b"b")))
        assert await store.read("k") == Entry(b"b")

    play(scenario)


def test_a_read_during_a_write_never_leaves_an_old_copy(play: Callable[..., None]) -> None:
    async def scenario(store: Store, clock: SteppedClock) -> None:
        for i in range(30):
            await asyncio.gather(
                store.write("k", Entry(b"%d" % i)), store.read("k"), store.read("k"), store.read("other")
            )
            assert await store.read("k") == Entry(b"%d" % i)
            store._cache.clear()  # the next round reads from the disk while it writes

    play(scenario)


def test_large_values_pass_whole(play: Callable[..., None]) -> None:
    value = bytes(range(256)) * (26_214_400 // 256)

    async def scenario(store: Store, clock: SteppedClock) -> None:
        await store.write("big", Entry(value))
        assert store.peek("big") is None, "one value must not push out everything else"
        entry = await store.read("big")
        assert entry is not None
        assert entry.value == value

    play(scenario)


def test_closed_is_closed(play: Callable[..., None]) -> None:
    async def scenario(store: Store, clock: SteppedClock) -> None:
        await store.write("k", Entry(b"v"))
        await store.close()
        await store.close()
        for use in (store.read("k"), store.write("k", None), store.list(plan("", None, 0))):
            with pytest.raises(KvStorageError, match="the namespace is closed"):
                await use

    play(scenario)


def test_writes_under_way_end_before_closing(play: Callable[..., None]) -> None:
    async def scenario(store: Store, clock: SteppedClock) -> None:
        await store.write("warm", Entry(b"v"))
        writes = [spawn(store.write(f"k{i}", Entry(b"v")), name=f"write{i}") for i in range(10)]
        await asyncio.gather(*(store.read("other") for _ in range(2)))
        await store.close()
        results = await asyncio.gather(*writes, return_exceptions=True)
        assert results == [None] * 10

    play(scenario)


# -- what only one of the two does --------------------------------------------------------------------


def on_file(path: Path, scenario: Scenario) -> None:
    async def whole() -> None:
        clock = SteppedClock()
        store = make_store(path, clock)
        try:
            await scenario(store, clock)
        finally:
            await store.close()

    run(whole())


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def test_nothing_is_on_disk_before_first_use(tmp_path: Path) -> None:
    async def scenario(store: Store, clock: SteppedClock) -> None:
        assert list(tmp_path.iterdir()) == []
        assert store.peek("k") is None
        assert list(tmp_path.iterdir()) == []
        await store.read("k")
        assert (tmp_path / "a" / "ns.sqlite").exists()

    on_file(tmp_path / "a" / "ns.sqlite", scenario)


def test_another_store_finds_what_this_one_wrote(tmp_path: Path) -> None:
    path = tmp_path / "ns.sqlite"

    async def writes(store: Store, clock: SteppedClock) -> None:
        await store.write("a", Entry(b"1", '"m"', NOW_MS + 60_000))
        await store.write("b", Entry(b"2"))
        await store.write("b", None)

    async def reads(store: Store, clock: SteppedClock) -> None:
        assert await store.read("a") == Entry(b"1", '"m"', NOW_MS + 60_000)
        assert await store.read("b") is None

    on_file(path, writes)
    on_file(path, reads)


def test_file_has_the_layout_of_miniflare(tmp_path: Path) -> None:
    path = tmp_path / "ns.sqlite"

    async def scenario(store: Store, clock: SteppedClock) -> None:
        await store.write("a", Entry(b"1", '{"x":1}', NOW_MS + 60_000))

    on_file(path, scenario)
    entries = "SELECT key, blob_id, expiration, metadata FROM _mf_entries"
    [(key, blob_id, expiration, metadata)] = rows(path, entries)
    assert (key, expiration, metadata) == ("a", NOW_MS + 60_000, '{"x":1}')
    assert isinstance(blob_id, str)
    assert len(blob_id) == 80
    assert int(blob_id[64:], 16) == NOW_MS
    assert rows(path, "SELECT value FROM _edge_values") == [(b"1",)]
    assert rows(path, "PRAGMA journal_mode") == [("wal",)]
    assert rows(path, "SELECT name FROM sqlite_master WHERE name = '_mf_entries_expiration_idx'") != []
    columns = rows(path, "SELECT name, type, [notnull], pk FROM pragma_table_info('_mf_entries')")
    assert columns == [
        ("key", "TEXT", 0, 1),
        ("blob_id", "TEXT", 1, 0),
        ("expiration", "INTEGER", 0, 0),
        ("metadata", "TEXT", 0, 0),
    ]


def test_no_value_outlives_its_entry(tmp_path: Path) -> None:
    path = tmp_path / "ns.sqlite"

    async def scenario(store: Store, clock: SteppedClock) -> None:
        await store.write("gone", Entry(b"1"))
        await store.write("gone", None)
        await store.write("kept", Entry(b"old"))
        await store.write("kept", Entry(b"new"))
        await store.write("expired", Entry(b"3", None, NOW_MS + 1000))
        clock.now_s += 2
        await store.list(plan("", None, 0))
        while rows(path, "SELECT 1 FROM _mf_entries WHERE key = 'expired'"):
            await clock.sleep(0.001)

    on_file(path, scenario)
    assert rows(path, "SELECT value FROM _edge_values") == [(b"new",)]
    assert rows(path, "SELECT key FROM _mf_entries") == [("kept",)]


def test_entry_whose_value_is_missing_reads_as_absent(tmp_path: Path) -> None:
    path = tmp_path / "ns.sqlite"

    async def scenario(store: Store, clock: SteppedClock) -> None:
        await store.write("a", Entry(b"1"))

    on_file(path, scenario)
    connection = sqlite3.connect(path)
    connection.execute("DELETE FROM _edge_values")
    connection.commit()
    connection.close()

    async def reads(store: Store, clock: SteppedClock) -> None:
        assert await store.read("a") is None

    on_file(path, reads)


@pytest.mark.parametrize(("durability", "synchronous"), [("full", 2), ("relaxed", 1)])
def test_durability_is_sqlites_synchronous(tmp_path: Path, durability: Durability, synchronous: int) -> None:
    async def whole() -> None:
        store = Store(tmp_path / "ns.sqlite", SteppedClock(), durability=durability)
        await store.write("k", Entry(b"v"))
        assert store._database is not None
        [(level,)] = await store._database.writer.execute_fetchall("PRAGMA synchronous")
        assert level == synchronous
        await store.close()

    run(whole())


def test_corrupt_file_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "ns.sqlite"
    path.write_bytes(b"this is no database" * 100)

    async def scenario(store: Store, clock: SteppedClock) -> None:
        for use in (store.read("k"), store.write("k", Entry(b"v")), store.list(plan("", None, 0))):
            with pytest.raises(KvStorageError) as raised:
                await use
            assert str(raised.value) == f"file is not a database ({path})"

    on_file(path, scenario)


def test_opening_is_tried_again(tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a directory should be")

    async def scenario(store: Store, clock: SteppedClock) -> None:
        with pytest.raises(KvStorageError, match="blocked"):
            await store.read("k")
        blocked.unlink()
        assert await store.read("k") is None

    on_file(blocked / "ns.sqlite", scenario)


def test_failed_commit_fails_each_of_its_writers(tmp_path: Path) -> None:
    path = tmp_path / "ns.sqlite"

    async def scenario(store: Store, clock: SteppedClock) -> None:
        await store.write("k", Entry(b"old"))
        assert store._database is not None
        [(pages,)] = await store._database.writer.execute_fetchall("PRAGMA page_count")
        await store._database.writer.execute_fetchall(f"PRAGMA max_page_count = {pages}")  # a full disk
        results = await asyncio.gather(
            store.write("k", Entry(b"x" * 100_000)),
            store.write("other", Entry(b"y" * 100_000)),
            store.write("third", None),
            return_exceptions=True,
        )
        assert [str(result) for result in results] == [f"database or disk is full ({path})"] * 3
        assert await store.read("k") == Entry(b"old")
        assert await store.read("other") is None
        await store._database.writer.execute_fetchall("PRAGMA max_page_count = 100000")
        await store.write("k", Entry(b"new"))
        assert await store.read("k") == Entry(b"new")

    on_file(path, scenario)


def test_file_locked_by_another_process_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.kv.database._BUSY_TIMEOUT_MS", 20)
    path = tmp_path / "ns.sqlite"

    async def scenario(store: Store, clock: SteppedClock) -> None:
        await store.write("k", Entry(b"v"))
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            with pytest.raises(KvStorageError) as raised:
                await store.write("k", Entry(b"w"))
            assert str(raised.value) == f"database is locked ({path})"
            assert await store.read("k") == Entry(b"v"), "readers do not wait for writers"
        finally:
            other.close()
        await store.write("k", Entry(b"w"))
        assert await store.read("k") == Entry(b"w")

    on_file(path, scenario)


def test_cancelled_writer_leaves_the_others_alone(tmp_path: Path) -> None:
    async def scenario(store: Store, clock: SteppedClock) -> None:
        await store.write("warm", Entry(b"v"))
        first = spawn(store.write("a", Entry(b"1")), name="first")
        second = spawn(store.write("b", Entry(b"2")), name="second")
        await clock.sleep(0)
        first.cancel()
        await second
        assert await store.read("b") == Entry(b"2")

    on_file(tmp_path / "ns.sqlite", scenario)


def test_commits_do_not_run_under_the_gate_of_whoever_wrote_first(tmp_path: Path) -> None:
    """A Durable Object whose input gate shuts while it writes must not hold the writes of others."""

    class ShutForEver:
        def __init__(self) -> None:
            self.future: asyncio.Future[None] | None = None

        def blocked(self) -> asyncio.Future[None] | None:
            return self.future

        def adopt(self, task: asyncio.Task[object]) -> None:
            """Nothing here ends its tasks."""

    async def scenario(store: Store, clock: SteppedClock) -> None:
        await store.write("warm", Entry(b"v"))
        gate = ShutForEver()

        def in_object() -> asyncio.Task[None]:
            resume_guard.set(gate)
            return spawn(store.write("a", Entry(b"1")), name="object")

        held = contextvars.copy_context().run(in_object)
        await clock.sleep(0)  # it has joined the group and waits
        gate.future = asyncio.get_running_loop().create_future()
        await store.write("b", Entry(b"2"))
        assert await store.read("a") == Entry(b"1")
        assert not held.done()
        gate.future.set_result(None)
        gate.future = None
        await held

    on_file(tmp_path / "ns.sqlite", scenario)


def test_memory_stores_never_suspend() -> None:
    async def whole() -> None:
        store = make_store(None, SteppedClock())
        for operation in (
            store.write("k", Entry(b"v")),
            store.read("k"),
            store.read("missing"),
            store.list(plan("", None, 0)),
        ):
            with pytest.raises(StopIteration):
                operation.send(None)
        await store.close()

    run(whole())
