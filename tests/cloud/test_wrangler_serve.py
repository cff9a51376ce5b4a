"""What the real wrangler deploys runs at once, and a rollback brings the old code back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.cloud.running import RunningCloud, cloud_in_thread
from tests.cloud.wrangling import Wrangler

pytestmark = [pytest.mark.peers, pytest.mark.slow, pytest.mark.timeout(600)]  # many starts of Node.js

SOURCE = """
from pathlib import Path

from helper import GREETING
from workers import Response, WorkerEntrypoint


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        page = (Path(__file__).parent / "page.html").read_text()
        return Response(f"{GREETING} {self.env.NAME} {page}")
"""


@pytest.fixture
def cloud() -> Iterator[RunningCloud]:
    with cloud_in_thread(serve=True) as running:
        yield running


def answer(cloud: RunningCloud) -> str:
    return httpx.get(cloud.origin, headers={"host": "greeter.localhost"}).text


def test_deploy_and_roll_back(cloud: RunningCloud, wrangler: Wrangler, tmp_path: Path) -> None:
    config = {
        "name": "greeter",
        "main": "src/entry.py",
        "compatibility_date": "2026-06-01",
        "compatibility_flags": ["python_workers"],
        "vars": {"NAME": "you"},
        "rules": [{"type": "Text", "globs": ["**/*.html"], "fallthrough": True}],
    }
    (tmp_path / "wrangler.jsonc").write_text(json.dumps(config))
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "entry.py").write_text(SOURCE)
    (tmp_path / "src" / "page.html").write_text("<p>")
    helper = tmp_path / "src" / "helper.py"
    vendored = tmp_path / "python_modules" / "wordlist"
    vendored.mkdir(parents=True)
    (vendored / "__init__.py").write_text("WORD = 'Welcome'\n")

    helper.write_text("GREETING = 'Hello'\n")
    wrangler("deploy")
    assert answer(cloud) == "Hello you <p>"
    helper.write_text("from wordlist import WORD as GREETING\n")
    wrangler("deploy")
    assert answer(cloud) == "Welcome you <p>"
    helper.write_text("from nowhere import GREETING\n")
    told = wrangler("deploy", exit_code=1)
    assert "src/helper.py:1: ModuleNotFoundError: No module named 'nowhere'" in told
    assert "[code: 10021]" in told
    assert answer(cloud) == "Welcome you <p>"
    wrangler("rollback", "-y")
    assert answer(cloud) == "Hello you <p>"
    wrangler("delete", "--force")
    assert "there is no such Worker" in answer(cloud)
