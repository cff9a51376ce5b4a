from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.examples.serving import EXAMPLES, serving

pytestmark = pytest.mark.slow

ANSWER = "A response may begin before its end is known: each word leaves when it is written.\n"


def test_words_arrive_one_by_one(tmp_path: Path) -> None:
    with serving(EXAMPLES / "streaming", tmp_path) as server, httpx.stream("GET", server.url) as response:
        words = list(response.iter_text())
    assert "".join(words) == ANSWER + " "
    assert words == [f"{word} " for word in ANSWER.split(" ")]
