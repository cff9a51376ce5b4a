"""The stores against a model: a dictionary with expiry, under any sequence of operations."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from edge.kv.logic.entry import Entry
from edge.kv.logic.listing import ListedKey, plan
from edge.kv.store import Store
from tests.edge.kv.worlds import SteppedClock, make_store, new_loop

_T = TypeVar("_T")

KEYS = st.sampled_from(["a", "aa", "ab", "b", "é", "🎉", "a%", "a_"])
VALUES = st.binary(max_size=300)
TTLS_S = st.sampled_from([None, 60, 61, 3600])


class StoreMachine(RuleBasedStateMachine):
    """One store and its model; the cache is so small that entries leave it all the time."""

    threads = False

    @initialize()
    def open(self) -> None:
        self.runner = asyncio.Runner(loop_factory=new_loop)
        self.clock = SteppedClock()
        self.directory = Path(tempfile.mkdtemp()) if self.threads else None
        self.model: dict[str, Entry] = {}
        self.store = self._opened()

    def _opened(self) -> Store:
        path = None if self.directory is None else self.directory / "ns.sqlite"
        # Room for a few small entries: 1/8 of it for one entry.
        return make_store(path, self.clock, cache_bytes_max=8 * 450)

    def do(self, operation: Coroutine[Any, Any, _T]) -> _T:
        return self.runner.run(operation)

    def visible(self, key: str) -> Entry | None:
        entry = self.model.get(key)
        return None if entry is None or entry.expired(self.clock.now_ms()) else entry

    def entry(self, value: bytes, ttl_s: int | None, metadata_json: str | None) -> Entry:
        return Entry(value, metadata_json, None if ttl_s is None else self.clock.now_ms() + ttl_s * 1000)

    @rule(key=KEYS, value=VALUES, ttl_s=TTLS_S, metadata_json=st.sampled_from([None, "0", '{"a":1}']))
    def put(self, key: str, value: bytes, ttl_s: int | None, metadata_json: str | None) -> None:
        self.model[key] = self.entry(value, ttl_s, metadata_json)
        self.do(self.store.write(key, self.model[key]))

    @rule(key=KEYS)
    def delete(self, key: str) -> None:
        self.model.pop(key, None)
        self.do(self.store.write(key, None))

    @rule(key=KEYS)
    def get(self, key: str) -> None:
        assert self.do(self.store.read(key)) == self.visible(key)

    @rule(writes=st.lists(st.tuples(KEYS, st.none() | VALUES), max_size=12), reads=st.lists(KEYS, max_size=4))
    def at_once(self, writes: list[tuple[str, bytes | None]], reads: list[str]) -> None:
        """Concurrent writes and reads: the last write to a key wins; a read gives any state of its key."""
        entries = [(key, None if value is None else Entry(value)) for key, value in writes]
        possible = {key: [self.visible(key)] for key in reads}
        for key, entry in entries:
            if key in possible:
                possible[key].append(entry)

        async def together() -> list[Entry | None]:
            tasks = [self.store.write(key, entry) for key, entry in entries]
            results = await asyncio.gather(*tasks, *(self.store.read(key) for key in reads))
            return list(results[len(tasks) :])

        for key, result in zip(reads, self.do(together()), strict=True):
            assert result in possible[key]
        for key, entry in entries:
            if entry is None:
                self.model.pop(key, None)
            else:
                self.model[key] = entry

    @rule(prefix=st.sampled_from(["", "a", "a_", "🎉", "zz"]), limit=st.integers(1, 4))
    def list_all(self, prefix: str, limit: int) -> None:
        expected = [
            ListedKey(key, entry.expiration_ms, entry.metadata_json)
            for key, entry in sorted(self.model.items(), key=lambda item: item[0].encode())
            if key.startswith(prefix) and not entry.expired(self.clock.now_ms() - 1)
        ]
        listed: list[ListedKey] = []
        cursor: str | None = None
        while True:
            page = self.do(self.store.list(plan(prefix, cursor, limit)))
            assert len(page.keys) <= limit
            listed += page.keys
            cursor = page.cursor
            if cursor is None:
                break
        assert listed == expected

    @rule(duration_s=st.sampled_from([0.001, 1.0, 59.999, 60.0, 3600.0]))
    def wait(self, duration_s: float) -> None:
        self.clock.now_s = round(self.clock.now_s + duration_s, 3)

    def teardown(self) -> None:
        if hasattr(self, "runner"):
            self.do(self.store.close())
            self.runner.close()
            if self.directory is not None:
                shutil.rmtree(self.directory)


class FileMachine(StoreMachine):
    """On a file, with threads; closing and opening again changes nothing."""

    threads = True

    @rule()
    def reopen(self) -> None:
        self.do(self.store.close())
        self.store = self._opened()


@pytest.mark.slow
@pytest.mark.parametrize("machine", [StoreMachine, FileMachine])
def test_store_behaves_like_its_model(machine: type[StoreMachine]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=60,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
