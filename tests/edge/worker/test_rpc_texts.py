"""Long texts over RPC: they are carried, not copied, and nobody can tell."""

from __future__ import annotations

import re

import pytest

from edge.js.errors import JsException
from edge.js.objects import JsObject
from edge.js.v8 import serialize
from edge.worker.rpc import transfer_result

_LINES = ("plain text ", "schöne Wörter ", "你好，世界", "smile 🙂 ")


@pytest.mark.parametrize("line", _LINES)
def test_a_long_text_is_the_same_object(line: str) -> None:
    text = line * 20_000
    found = transfer_result(JsObject({"one": text, "again": text}))
    assert found.one is text
    assert found.again is text


def test_halves_of_characters_join_as_in_a_copy() -> None:
    text = "x" * 100_000 + "\ud83d" + "\ude42"
    assert transfer_result(JsObject({"text": text})).text == "x" * 100_000 + "🙂"


@pytest.mark.parametrize("line", _LINES)
def test_the_limit_counts_what_a_copy_would_take(line: str) -> None:
    value = JsObject({"text": line * (2**25 // len(line) + 1)})
    with pytest.raises(JsException, match="limited to 32MiB") as caught:
        transfer_result(value)
    said = re.search(r"was: (\d+) bytes", caught.value.message)
    assert said is not None
    assert abs(int(said[1]) - len(serialize(value))) <= 1  # a copy may need a byte for alignment
