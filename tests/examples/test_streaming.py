from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from edge.testing.client import Client
from tests.examples.serving import EXAMPLES, serving

ANSWER = "A response may begin before its end is known: each word leaves when it is written.\n"
WORDS = [f"{word} " for word in ANSWER.split(" ")]


@pytest.mark.edge(config="../../examples/streaming")
async def test_words_leave_when_they_are_written(client: Client) -> None:
    reply = await client.get("/")
    assert [chunk.data.decode() for chunk in reply.chunks] == WORDS
    assert reply.first_chunk_s == 0
    assert reply.gaps_s == pytest.approx([0.1] * (len(WORDS) - 1))


@pytest.mark.slow
def test_words_arrive_one_by_one(tmp_path: Path) -> None:
    with serving(EXAMPLES / "streaming", tmp_path) as server, httpx.stream("GET", server.url) as response:
        words = list(response.iter_text())
    assert words == WORDS
