"""Key names: what is allowed, and the exact texts of both parties that check."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.kv.logic.keys import KEY_BYTES_MAX, check_key, check_length, check_stored_key, well_formed
from edge.kv.logic.refusal import KeyNameRejected, KvRefused


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("", "Key name cannot be empty."),
        (".", '"." is not allowed as a key name.'),
        ("..", '".." is not allowed as a key name.'),
    ],
)
def test_runtime_rejects_by_name(key: str, text: str) -> None:
    with pytest.raises(KeyNameRejected) as raised:
        check_key(key)
    assert raised.value.text == text


@pytest.mark.parametrize(
    ("key", "size_bytes"), [("x" * 513, 513), ("é" * 257, 514), ("🎉" * 129, 516), ("x" * 5000, 5000)]
)
@pytest.mark.parametrize("check", [check_key, check_stored_key, check_length])
def test_too_long_names_its_utf8_length(check: object, key: str, size_bytes: int) -> None:
    assert callable(check)
    with pytest.raises(KvRefused) as raised:
        check(key)
    assert raised.value.status == 414
    assert raised.value.text == f"UTF-8 encoded length of {size_bytes} exceeds key length limit of 512."


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("", "Key names must not be empty"),
        (".", 'Illegal key name ".". Please use a different name.'),
        ("..", 'Illegal key name "..". Please use a different name.'),
    ],
)
def test_storage_refuses_bulk_keys(key: str, text: str) -> None:
    with pytest.raises(KvRefused) as raised:
        check_stored_key(key)
    assert (raised.value.status, raised.value.text) == (400, text)


@pytest.mark.parametrize("key", ["...", "y" * 512, "é" * 256, "🎉" * 128, " ", "a\nb", "a/b", "\0"])
def test_odd_keys_are_fine(key: str) -> None:
    check_key(key)
    check_stored_key(key)


def test_prefix_may_be_empty() -> None:
    check_length("")


@given(st.text(max_size=600))
def test_length_check_agrees_with_utf8(key: str) -> None:
    refused = False
    try:
        check_length(key)
    except KvRefused:
        refused = True
    assert refused == (len(key.encode()) > KEY_BYTES_MAX)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("plain", "plain"), ("\ud83c", "\ufffd"), ("a\ud83c\udf89b", "a🎉b"), ("\udf89\ud83c", "\ufffd\ufffd")],
)
def test_lone_surrogates_are_replaced(text: str, expected: str) -> None:
    assert well_formed(text) == expected


@given(st.text(st.characters()))
def test_well_formed_text_encodes_and_stays(text: str) -> None:
    result = well_formed(text)
    result.encode()
    assert well_formed(result) is result
