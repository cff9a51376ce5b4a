"""Listing: the stretch, the page and the cursor."""

from __future__ import annotations

import base64

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edge.kv.logic.listing import (
    ListedKey,
    Page,
    Stretch,
    decode_cursor,
    encode_cursor,
    page,
    plan,
    successor,
)
from edge.kv.logic.refusal import KvRefused

KEYS = st.text(min_size=1, max_size=4)


def test_defaults() -> None:
    assert plan("", None, 0) == Stretch("", True, None, 1000)
    assert plan("", None, -3).limit == 1000
    assert plan("", None, 1000).limit == 1000


def test_limit_above_a_thousand() -> None:
    with pytest.raises(KvRefused) as raised:
        plan("", None, 1001)
    assert (raised.value.status, raised.value.text) == (
        400,
        "Invalid key_count_limit of 1001. Please specify an integer less than 1000.",
    )


def test_prefix_is_limited_like_a_key() -> None:
    with pytest.raises(KvRefused) as raised:
        plan("x" * 513, None, 0)
    assert (raised.value.status, raised.value.text) == (
        414,
        "UTF-8 encoded length of 513 exceeds key length limit of 512.",
    )


@given(st.text(max_size=3), KEYS)
@example("a", "a\U0010ffff")
@example("\ud7ff", "\ue000")
@example("\U0010ffff", "\U0010ffffz")
def test_prefix_is_a_stretch_of_the_order(prefix: str, key: str) -> None:
    assert (key in plan(prefix, None, 0)) == key.startswith(prefix)
    assert (prefix + key) in plan(prefix, None, 0)


@given(st.text(max_size=3), KEYS, KEYS)
def test_cursor_continues_strictly_after(prefix: str, last: str, key: str) -> None:
    expected = key.startswith(prefix) and key > last
    assert (key in plan(prefix, encode_cursor(last), 0)) == expected


@given(KEYS, KEYS)
def test_python_order_is_utf8_order(one: str, other: str) -> None:
    assert (one < other) == (one.encode() < other.encode())


@pytest.mark.parametrize(
    ("prefix", "end"),
    [
        ("", None),
        ("a", "b"),
        ("ab\U0010ffff", "ac"),
        ("\U0010ffff", None),
        ("\ud7ff", "\ue000"),
        ("l:%", "l:&"),
    ],
)
def test_successor(prefix: str, end: str | None) -> None:
    assert successor(prefix) == end


def test_cursor_is_base64_of_the_last_key() -> None:
    assert encode_cursor("l:10") == "bDoxMA=="
    assert encode_cursor("pg:2") == "cGc6Mg=="


@given(KEYS)
def test_cursor_round_trip(key: str) -> None:
    assert decode_cursor(encode_cursor(key)) == key


@given(st.text(max_size=20))
def test_any_text_is_a_cursor(cursor: str) -> None:
    decode_cursor(cursor).encode()


def test_cursor_that_is_no_base64_is_read_leniently() -> None:
    # As recorded: it decodes to something after "pg:", so the listing is empty.
    assert decode_cursor("!!!not base64") > "pg:~"
    assert decode_cursor(base64.urlsafe_b64encode("ü?>".encode()).decode()) == "ü?>"
    assert plan("pg:", "", 1) == plan("pg:", None, 1)


def rows(count: int) -> list[ListedKey]:
    return [ListedKey(f"k{index}") for index in range(count)]


def test_page_that_is_not_full_is_the_last() -> None:
    assert page(rows(2), 3) == Page(tuple(rows(2)), None)
    assert page(rows(3), 3) == Page(tuple(rows(3)), None)
    assert page([], 3) == Page((), None)


def test_one_row_more_means_a_next_page() -> None:
    assert page(rows(4), 3) == Page(tuple(rows(3)), encode_cursor("k2"))


def test_two_rows_more_are_a_bug() -> None:
    with pytest.raises(AssertionError):
        page(rows(5), 3)
