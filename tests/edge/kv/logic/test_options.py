"""Options and limits: each border, with the exact text on its far side."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.kv.logic.options import (
    check_bulk,
    check_bulk_size,
    check_cache_ttl,
    check_metadata,
    check_value_size,
    resolve_expiration,
)
from edge.kv.logic.refusal import KvRefused

NOW_S = 1_800_000_000

REFUSED: list[tuple[Callable[[], object], int, str]] = [
    (lambda: check_cache_ttl(29), 400, "Invalid cache_ttl of 29. Cache TTL must be at least 30."),
    (lambda: check_cache_ttl(0), 400, "Invalid cache_ttl of 0. Cache TTL must be at least 30."),
    (
        lambda: resolve_expiration(NOW_S, None, 0),
        400,
        "Invalid expiration_ttl of 0. Please specify integer greater than 0.",
    ),
    (
        lambda: resolve_expiration(NOW_S, None, -5),
        400,
        "Invalid expiration_ttl of -5. Please specify integer greater than 0.",
    ),
    (
        lambda: resolve_expiration(NOW_S, None, 59),
        400,
        "Invalid expiration_ttl of 59. Expiration TTL must be at least 60.",
    ),
    (
        lambda: resolve_expiration(NOW_S, NOW_S, None),
        400,
        f"Invalid expiration of {NOW_S}. Please specify integer greater than"
        " the current number of seconds since the UNIX epoch.",
    ),
    (
        lambda: resolve_expiration(NOW_S, 0, None),
        400,
        "Invalid expiration of 0. Please specify integer greater than"
        " the current number of seconds since the UNIX epoch.",
    ),
    (
        lambda: resolve_expiration(NOW_S, NOW_S + 59, None),
        400,
        f"Invalid expiration of {NOW_S + 59}. Expiration times must be at least 60 seconds in the future.",
    ),
    (lambda: check_value_size(26214401), 413, "Value length of 26214401 exceeds limit of 26214400."),
    (lambda: check_metadata('"' + "x" * 1023 + '"'), 413, "Metadata length of 1025 exceeds limit of 1024."),
    (lambda: check_metadata('"' + "é" * 512 + '"'), 413, "Metadata length of 1026 exceeds limit of 1024."),
    (lambda: check_bulk([], None), 400, "You must request a minimum of 1 key"),
    (lambda: check_bulk(["k"] * 101, None), 400, "You can request a maximum of 100 keys"),
    (
        lambda: check_bulk(["k"], "arrayBuffer"),
        400,
        '"arrayBuffer" is not a valid type. Use "json" or "text"',
    ),
    (lambda: check_bulk([], "bogus"), 400, '"bogus" is not a valid type. Use "json" or "text"'),
    (
        lambda: check_bulk_size(["x" * 26214400, "y"]),
        413,
        "Total size of request exceeds the limit of 25MB",
    ),
    (
        lambda: check_bulk_size(["x" * 26214398, "🎉", "y"]),
        413,
        "Total size of request exceeds the limit of 25MB",
    ),
]


@pytest.mark.parametrize(("check", "status", "text"), REFUSED, ids=[text[:40] for _, _, text in REFUSED])
def test_refused(check: Callable[[], object], status: int, text: str) -> None:
    with pytest.raises(KvRefused) as raised:
        check()
    assert (raised.value.status, raised.value.text) == (status, text)


def test_borders_are_allowed() -> None:
    check_cache_ttl(None)
    check_cache_ttl(30)
    check_value_size(0)
    check_value_size(26214400)
    check_metadata(None)
    check_metadata('"' + "x" * 1022 + '"')
    check_bulk(["k"] * 100, "json")
    check_bulk(["k"], "")
    check_bulk_size(["x" * 26214398, "🎉"])
    assert resolve_expiration(NOW_S, None, 60) == NOW_S + 60
    assert resolve_expiration(NOW_S, NOW_S + 60, None) == NOW_S + 60
    assert resolve_expiration(NOW_S, None, None) is None


def test_ttl_wins_over_time_even_over_a_bad_one() -> None:
    assert resolve_expiration(NOW_S, 1, 100) == NOW_S + 100


@given(st.integers(-(2**31), 2**31 - 1), st.integers(0, 2**31))
def test_accepted_expirations_lie_a_minute_ahead(expiration_s: int, now_s: int) -> None:
    try:
        accepted = resolve_expiration(now_s, expiration_s, None)
    except KvRefused:
        assert expiration_s < now_s + 60
    else:
        assert accepted == expiration_s >= now_s + 60
