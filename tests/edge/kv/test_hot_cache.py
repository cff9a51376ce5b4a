"""The hot cache: bounded in bytes, least recently used first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.kv.hot_cache import HotCache
from edge.kv.logic.entry import ABSENT, Entry


def test_keeps_entries_and_absence() -> None:
    cache = HotCache()
    assert cache.get("k") is None
    cache.set("k", Entry(b"v"))
    cache.set("absent", ABSENT)
    assert cache.get("k") == Entry(b"v")
    assert cache.get("absent") is ABSENT
    cache.discard("k")
    cache.discard("k")
    assert cache.get("k") is None


def test_the_least_recently_used_leaves_first() -> None:
    cache = HotCache(size_bytes_max=8 * 1000)
    for index in range(8):
        cache.set(str(index), Entry(bytes(700)))  # with its overhead just below 1,000
    cache.get("0")
    cache.set("new", Entry(bytes(700)))
    assert cache.get("1") is None
    assert cache.get("0") is not None
    assert cache.get("new") is not None


def test_what_is_too_large_is_not_kept_and_replaces_what_was_there() -> None:
    cache = HotCache(size_bytes_max=8000)
    cache.set("k", Entry(b"small"))
    cache.set("k", Entry(bytes(1001)))
    assert cache.get("k") is None
    assert cache.size_bytes == 0


def test_clear_forgets_everything() -> None:
    cache = HotCache()
    cache.set("k", Entry(b"v"))
    cache.clear()
    assert len(cache) == cache.size_bytes == 0


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abcdef"), st.none() | st.integers(0, 1500), st.sampled_from([None, "[1]"])
        ),
        max_size=60,
    )
)
def test_counts_its_bytes(steps: list[tuple[str, int | None, str | None]]) -> None:
    cache = HotCache(size_bytes_max=4000)
    for key, size_bytes, metadata_json in steps:
        if size_bytes is None:
            cache.discard(key)
        else:
            cache.set(key, Entry(bytes(size_bytes), metadata_json))
        assert 0 <= cache.size_bytes <= 4000
    for key in "abcdef":
        cache.discard(key)
    assert cache.size_bytes == len(cache) == 0
