"""Values as files: what `wrangler dev` finds, and what another program wrote."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest

from edge.kv.logic.entry import ABSENT, Entry
from edge.kv.logic.listing import plan
from edge.kv.store import Store
from edge.kv.value_files import ROW_BYTES_MAX
from tests.edge.kv.worlds import SteppedClock
from tests.loops import run

LARGE = b"x" * (ROW_BYTES_MAX + 1)


class Shared:
    """A namespace on disk, seen by us and by another program."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "ns.sqlite"
        self.values = folder / "blobs"
        self.clock = SteppedClock()

    def play(self, scenario: Callable[[Store], Awaitable[None]]) -> None:
        async def whole() -> None:
            store = Store(self.path, self.clock, values=self.values)
            try:
                await scenario(store)
            finally:
                await store.close()

        run(whole())

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            return list(connection.execute(sql))

    def stored(self) -> dict[str, bytes]:
        """What Miniflare would read: the file that each row names."""
        rows = self.rows("SELECT key, blob_id FROM _mf_entries")
        return {str(key): (self.values / str(blob_id)).read_bytes() for key, blob_id in rows}

    def put_as_another(self, key: str, value: bytes, blob_id: str = "f" * 80) -> None:
        """Write as Miniflare does: file first, then the row, then the old file goes."""
        (self.values / blob_id).write_bytes(value)
        old = self.rows(f"SELECT blob_id FROM _mf_entries WHERE key = '{key}'")
        self.rows(f"INSERT OR REPLACE INTO _mf_entries VALUES ('{key}', '{blob_id}', NULL, NULL)")
        for (name,) in old:
            (self.values / str(name)).unlink()


@pytest.fixture
def shared(tmp_path: Path) -> Shared:
    return Shared(tmp_path)


def test_each_value_is_a_file_and_none_is_left_over(shared: Shared) -> None:
    async def write(store: Store) -> None:
        await asyncio.gather(*(store.write(f"k{i % 3}", Entry(b"%d" % i)) for i in range(9)))
        await store.write("gone", Entry(b"x"))
        await store.write("gone", None)
        await store.write("large", Entry(LARGE))
        await store.write("empty", Entry(b""))

    shared.play(write)
    assert shared.stored() == {"k0": b"6", "k1": b"7", "k2": b"8", "large": LARGE, "empty": b""}
    assert len(list(shared.values.iterdir())) == 5
    assert all(len(path.name) == 80 for path in shared.values.iterdir())
    assert shared.rows("SELECT count(*) FROM _edge_values") == [(4,)], "large values have no row"


def test_reads_what_another_program_wrote(shared: Shared) -> None:
    async def nothing(store: Store) -> None:
        await store.write("ours", Entry(b"1"))

    async def look(store: Store) -> None:
        assert await store.read("theirs") == Entry(b"2")
        assert await store.read("ours") == Entry(b"3")

    shared.play(nothing)
    shared.put_as_another("theirs", b"2")
    shared.put_as_another("ours", b"3", "e" * 80)
    shared.play(look)
    assert shared.rows("SELECT count(*) FROM _edge_values") == [(0,)]


def test_notices_what_another_program_writes_meanwhile(shared: Shared) -> None:
    async def scenario(store: Store) -> None:
        await store.write("k", Entry(b"old"))
        assert await store.read("absent") is None
        assert store.peek("absent") is ABSENT
        shared.put_as_another("k", b"new")
        shared.put_as_another("absent", b"there", "d" * 80)
        while store.peek("k") is not None:
            await asyncio.sleep(0.001)
        assert await store.read("k") == Entry(b"new")
        assert await store.read("absent") == Entry(b"there")
        await store.write("k", Entry(b"ours again"))
        await store._believe(store._foreign, store._database)
        assert store.peek("k") == Entry(b"ours again"), "our own writes are no reason to forget"

    shared.play(scenario)


def test_a_row_without_its_file_is_not_found(shared: Shared) -> None:
    async def write(store: Store) -> None:
        await store.write("large", Entry(LARGE))

    async def look(store: Store) -> None:
        assert await store.read("large") is None

    shared.play(write)
    for path in shared.values.iterdir():
        path.unlink()
    shared.play(look)


def test_what_a_power_cut_took_of_the_files_is_written_again(shared: Shared) -> None:
    async def write(store: Store) -> None:
        await store.write("k", Entry(b"v"))

    async def look(store: Store) -> None:
        assert await store.read("k") == Entry(b"v")

    shared.play(write)
    for path in shared.values.iterdir():
        path.unlink()
    shared.play(look)
    assert shared.stored() == {"k": b"v"}


def test_expired_values_go_with_their_rows(shared: Shared) -> None:
    async def scenario(store: Store) -> None:
        await store.write("k", Entry(b"v", None, shared.clock.now_ms() + 1000))
        await store.write("stays", Entry(b"v"))
        shared.clock.now_s += 5
        await store.list(plan("", None, 0))
        while len(list(shared.values.iterdir())) > 1:
            await asyncio.sleep(0.001)

    shared.play(scenario)
    assert list(shared.stored()) == ["stays"]


def test_a_write_that_fails_leaves_no_file(shared: Shared) -> None:
    async def scenario(store: Store) -> None:
        await store.write("k", Entry(b"v"))
        shared.rows("CREATE TRIGGER no BEFORE INSERT ON _mf_entries BEGIN SELECT RAISE(ABORT, 'no'); END")
        with pytest.raises(Exception, match="no"):
            await store.write("k", Entry(b"w"))
        while len(list(shared.values.iterdir())) > 1:
            await asyncio.sleep(0.001)

    shared.play(scenario)
    assert shared.stored() == {"k": b"v"}


def test_a_file_that_appears_while_the_namespace_is_opened(
    shared: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def write(store: Store) -> None:
        await store.write("k", Entry(b"v"))

    shared.play(write)
    monkeypatch.setattr(os, "scandir", lambda folder: iter(()))  # looked before another process wrote it

    async def read(store: Store) -> None:
        assert await store.read("k") == Entry(b"v")

    shared.play(read)
    assert shared.stored() == {"k": b"v"}
