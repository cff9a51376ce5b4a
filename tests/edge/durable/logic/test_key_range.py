"""Ranges of keys against a sorted list in Python."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.durable.logic.key_range import KeyRange, after_prefix

_keys = st.text(alphabet="ab\u00e9\ud7ff\ue000\U0001f389\U0010ffff", max_size=4)


def expected(keys: set[str], span: KeyRange) -> list[str]:
    def inside(key: str) -> bool:
        raw = key.encode()
        return (
            (span.start is None or raw >= span.start.encode())
            and (span.start_after is None or raw > span.start_after.encode())
            and (span.end is None or raw < span.end.encode())
            and key.startswith(span.prefix or "")
        )

    found = sorted(filter(inside, keys), key=str.encode, reverse=span.reverse)
    return found[: span.limit]


@given(
    st.sets(_keys, max_size=12),
    st.builds(
        KeyRange,
        start=st.none() | _keys,
        start_after=st.none() | _keys,
        end=st.none() | _keys,
        prefix=st.none() | _keys,
        reverse=st.booleans(),
        limit=st.none() | st.integers(1, 5),
    ),
)
def test_ranges_list_what_a_sorted_list_would(keys: set[str], span: KeyRange) -> None:
    with sqlite3.connect(":memory:") as connection:
        connection.execute("CREATE TABLE _cf_KV (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID")
        connection.executemany("INSERT INTO _cf_KV VALUES (?, x'')", [(key,) for key in keys])
        found = [key for key, _ in connection.execute(*span.query())]
    connection.close()
    assert found == expected(keys, span)


@pytest.mark.parametrize(
    ("prefix", "following"),
    [("a", "b"), ("a\U0010ffff", "b"), ("\U0010ffff", None), ("\ud7ff", "\ue000"), ("ab", "ac")],
)
def test_what_follows_a_prefix(prefix: str, following: str | None) -> None:
    assert after_prefix(prefix) == following
