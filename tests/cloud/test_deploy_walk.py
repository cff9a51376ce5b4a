"""The walk of docs/deploy.md, line by line: a new project is deployed, rolled back and deleted."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from tests.cloud.running import RunningCloud, cloud_in_thread
from tests.cloud.wrangling import Wrangler
from wrangler_compat.cli.main import edge

pytestmark = [pytest.mark.peers, pytest.mark.slow]

PAGE = Path(__file__).parents[2] / "docs" / "deploy.md"
#: Servers and packages; and the template's tests, which tests/wrangler_compat/init runs.
NOT_RUN = (
    "edge dev",
    "edge cloud --serve",
    "pytest",
    "pip install '/path/to/cortex-edge[deploy]' workers-runtime-sdk",
)


def lines() -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line not in NOT_RUN]


def test_the_walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    answers = []
    with cloud_in_thread(serve=True) as cloud:
        for name, value in cloud.environment.items():
            monkeypatch.setenv(name, value)
        for line in lines():
            answers += step(line, cloud, monkeypatch)
        gone = httpx.get(cloud.origin, headers={"host": "visits.localhost"})
    assert answers == ["/: visit number 1\n"]
    assert gone.status_code == 404


def step(line: str, cloud: RunningCloud, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Do what a line says; what was answered to curl."""
    match shlex.split(line):
        case ["cd", folder]:
            monkeypatch.chdir(folder)
        case ["edge", *arguments]:
            done = CliRunner().invoke(edge, arguments)
            assert done.exit_code == 0, f"{line}\n{done.output}{done.exception}"
        case ["npx", "wrangler", *arguments]:
            Wrangler(cloud, Path.cwd())(*arguments)
        case ["curl", "http://visits.localhost:8790/"]:
            return [httpx.get(cloud.origin, headers={"host": "visits.localhost"}).text]
        case _:
            pytest.fail(f"nobody knows how to do this: {line}")
    return []
