"""JSON on its way to and from a sandbox."""

from __future__ import annotations

import pytest

from sandbox.server.json_body import read, written

HALF = "\ud83d"


@pytest.mark.parametrize(
    "value",
    [{"a": [1, None, True, 1.5], "text": 'a"\\\n\x00\x1fé\u2028\U0001f600'}, "x" * 100_000, [], 2**60],
)
def test_what_is_written_is_read(value: object) -> None:
    assert read(written(value)) == value
    assert read(written(value).decode()) == value


def test_what_has_no_form_in_utf8_is_a_question_mark() -> None:
    assert written({"name": f"a{HALF}b"}) == b'{"name":"a?b"}'


def test_a_half_of_a_character_is_read() -> None:
    assert read(b'["\\ud83d"]') == [HALF]


@pytest.mark.parametrize("text", [b"", b"{", b"[1,]", b"\xff", b"{'a': 1}"])
def test_what_is_no_json_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError):
        read(text)
