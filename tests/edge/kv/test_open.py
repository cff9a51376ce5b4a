"""Opening namespaces: who shares what."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.js.errors import JsException
from edge.js.proxy import jsnull
from edge.kernel.clock import VirtualClock
from edge.kernel.random import RandomStreams
from edge.kv.location import namespace_path
from edge.kv.open import open_namespace
from tests.edge.kv.worlds import SteppedClock
from tests.loops import run, run_virtual


@pytest.mark.parametrize("on_disk", [True, False])
def test_bindings_with_one_id_share_a_store(tmp_path: Path, on_disk: bool) -> None:
    async def scenario() -> None:
        clock = SteppedClock()
        directory = tmp_path if on_disk else None
        one, same = open_namespace("a", directory, clock), open_namespace("a", directory, clock)
        other = open_namespace("b", directory, clock)
        await one.put("k", "v")
        assert same.get("k").settled, "it comes from the memory they share"
        assert await same.get("k") == "v"
        assert await other.get("k") is jsnull
        for kv in (one, same, other):
            await kv._close()

    run(scenario())


def test_worlds_share_nothing_in_memory() -> None:
    async def scenario() -> None:
        first, second = SteppedClock(), SteppedClock()
        here, there = open_namespace("a", None, first), open_namespace("a", None, second)
        await here.put("k", "v")
        assert await there.get("k") is jsnull
        await here._close()
        await there._close()

    run(scenario())


def test_nothing_on_disk_until_first_use(tmp_path: Path) -> None:
    async def scenario() -> None:
        kv = open_namespace("a", tmp_path, SteppedClock())
        assert list(tmp_path.iterdir()) == []
        await kv.get("k")
        assert namespace_path(tmp_path, "a").exists()
        await kv._close()

    run(scenario())


def test_closed_namespace_can_be_opened_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        clock = SteppedClock()
        kv = open_namespace("a", tmp_path, clock)
        await kv.put("k", "v")
        await kv._close()
        with pytest.raises(JsException, match=r"KV GET failed: 500 the namespace is closed"):
            await kv.get("k")
        again = open_namespace("a", tmp_path, clock)
        assert await again.get("k") == "v"
        await again._close()

    run(scenario())


def test_simulated_worlds_repeat_byte_by_byte(tmp_path: Path) -> None:
    async def blob_ids(directory: Path, clock: VirtualClock) -> list[object]:
        kv = open_namespace("a", directory, clock, random=RandomStreams(7))
        await kv.put("k", "v")
        database = kv._namespace._store._database
        assert database is not None
        rows = list(await database.reader.execute_fetchall("SELECT blob_id FROM _mf_entries"))
        await kv._close()
        return rows

    seen = []
    for name in ("one", "two"):
        clock = VirtualClock()
        seen.append(run_virtual(blob_ids(tmp_path / name, clock), clock))
    assert seen[0] == seen[1]
