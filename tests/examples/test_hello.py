from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.examples.serving import EXAMPLES, serving

pytestmark = pytest.mark.slow


def test_hello_answers(tmp_path: Path) -> None:
    with serving(EXAMPLES / "hello", tmp_path) as server:
        response = httpx.get(server.url)
    assert (response.status_code, response.text) == (200, "Hello from the edge!\n")
    assert response.headers["content-type"] == "text/plain;charset=UTF-8"
