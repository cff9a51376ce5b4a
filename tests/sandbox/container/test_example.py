"""The guide's Worker and the example's, over a scripted runtime; the example's server, for real."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.examples.serving import free_port
from tests.sandbox.container.double import Rig

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples" / "container"
GUIDE = (ROOT / "docs" / "containers.md").read_text()

MakeProject = Callable[[str], Rig]


@pytest.fixture
def make_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeProject]:
    made: list[Rig] = []

    def make(source: str) -> Rig:
        made.append(Rig(tmp_path, monkeypatch, source, prelude="", binding="COUNTER", class_name="Counter"))
        return made[-1]

    yield make
    for rig in made:
        rig.close()


def block(name: str) -> str:
    found = re.search(rf"^```\w+ {re.escape(name)}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    assert found is not None, f"the guide has no block {name}"
    return found[1]


def test_the_configurations_are_the_same() -> None:
    assert block("wrangler.jsonc") == (EXAMPLE / "wrangler.jsonc").read_text()


def test_the_worker_of_the_guide(make_project: MakeProject, capsys: pytest.CaptureFixture[str]) -> None:
    rig = make_project(block("src/entry.py"))
    assert rig.get("/x").text == "GET http://localhost:8787/x"
    assert rig.plan.starts == [{"env": {"GREETING": "hello"}, "enableInternet": True}]
    rig.pass_("3m")
    assert "the container ended: runtime_signal 143" in capsys.readouterr().out


def test_the_worker_of_the_example(make_project: MakeProject) -> None:
    rig = make_project((EXAMPLE / "src" / "entry.py").read_text())
    assert rig.get("/anna/state").json() == {"status": "stopped", "starts": 0, "last_end": None}
    assert rig.get("/anna/x").text == "GET http://localhost:8787/anna/x"
    assert rig.get("/bert/x").status == 200
    assert len(rig.plan.containers) == 2
    assert rig.get("/anna/stop").text == "stopping\n"
    rig.pass_("1s")
    assert rig.get("/anna/state").json() == {
        "status": "stopped",
        "starts": 1,
        "last_end": "runtime_signal 143",
    }
    assert rig.get("/bert/state").json()["status"] == "healthy"


@pytest.mark.slow
def test_the_server_of_the_example() -> None:
    port = free_port()
    command = [sys.executable, str(EXAMPLE / "server.py")]
    environment = {**os.environ, "PORT": str(port), "GREETING": "hi"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}", transport=httpx.HTTPTransport(retries=10), timeout=30
        ) as client:
            texts = [client.get(path).text for path in ("/", "/anna/", "/", "/anna/")]
            assert texts == ["ready\n", "hi 1\n", "ready\n", "hi 2\n"]
            assert client.post("/anna/", content=b"abc").text == "cba"
            with client.stream("GET", "/stream") as reply:
                assert list(reply.iter_lines()) == ["line 1", "line 2", "line 3"]
    finally:
        process.terminate()
        assert process.wait(30) == 0, "it stops when it is asked to"
