"""What a project answers after `edge deploy`, run from the upload, is what it answers under `edge dev`."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from tests.cloud.running import cloud_in_thread
from tests.wrangler_compat.dev.running import running
from wrangler_compat.cli.main import edge

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
Call = tuple[str, str, bytes]
GET: tuple[Call, ...] = (("GET", "/", b""), ("GET", "/nowhere", b""))
NOTES: tuple[Call, ...] = (
    ("GET", "/a", b""),
    ("PUT", "/a", "größer".encode()),
    ("GET", "/a", b""),
    ("GET", "/", b""),
    ("DELETE", "/a", b""),
    ("POST", "/a", b""),
)


def example(name: str) -> Callable[[Path], None]:
    ignored = shutil.ignore_patterns(".wrangler", "__pycache__")
    return lambda folder: shutil.copytree(ROOT / "examples" / name, folder, ignore=ignored) and None


def template(name: str) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        answer = CliRunner().invoke(edge, ["init", str(folder), "--template", name])
        assert answer.exit_code == 0, answer.output

    return make


PROJECTS = {
    "hello": (example("hello"), GET),
    "streaming": (example("streaming"), GET[:1]),
    "whiteboard": (example("whiteboard"), (*GET, ("GET", "/boards", b""), ("GET", "/b/x/live", b""))),
    "a template with KV": (template("kv"), NOTES),
    "a template with objects": (template("durable-object"), (*GET, *GET)),
}


@pytest.mark.parametrize("name", PROJECTS)
def test_a_deployed_project_answers_as_in_dev(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, calls = PROJECTS[name]
    folder = tmp_path / "project"
    make(folder)
    with running(folder) as (_, port):
        here = answers(f"http://127.0.0.1:{port}", {}, calls)
    with cloud_in_thread(serve=True) as cloud:
        for variable, value in cloud.environment.items():
            monkeypatch.setenv(variable, value)
        deployed = CliRunner().invoke(edge, ["deploy", str(folder), "--name", "project"])
        assert deployed.exit_code == 0, deployed.output + str(deployed.exception)
        there = answers(cloud.origin, {"host": "project.localhost"}, calls)
    assert there == here
    assert any(status == 200 and body for status, _, body in here)


def answers(
    origin: str, headers: dict[str, str], calls: tuple[Call, ...]
) -> list[tuple[int, str | None, bytes]]:
    """Status, content type and body of each call."""
    with httpx.Client(base_url=origin, headers=headers, timeout=30) as client:
        found = [client.request(method, path, content=body) for method, path, body in calls]
    return [(answer.status_code, answer.headers.get("content-type"), answer.content) for answer in found]
