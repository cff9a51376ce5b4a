"""The workbench over HTTP, on real processes."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest
from websockets.sync.client import connect

from tests.examples.serving import EXAMPLES, DevServer, serving

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevServer]:
    with serving(
        EXAMPLES / "sandbox", tmp_path_factory.mktemp("state"), options=("--engine", "process")
    ) as dev:
        yield dev


@pytest.fixture
def http(server: DevServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=60) as client:
        yield client


def test_files(http: httpx.Client) -> None:
    listed = http.get("/files").json()["files"]
    assert [(file["name"], file["type"]) for file in listed] == [("hello.py", "file"), ("site", "directory")]
    assert http.put("/file", params={"path": "/workspace/new.txt"}, content="grün").json()["success"] is True
    assert http.get("/file", params={"path": "/workspace/new.txt"}).text == "grün"
    missing = http.get("/file", params={"path": "/workspace/none"})
    assert (missing.status_code, missing.json()["code"]) == (404, "FILE_NOT_FOUND")
    assert http.get("/nowhere").status_code == 404


def test_the_terminal(server: DevServer) -> None:
    with connect(f"{server.websocket_url}/terminal?cols=90&rows=20") as socket:
        shown = b""
        while True:
            message = socket.recv(timeout=60)
            if isinstance(message, bytes):
                shown += message
                if b"20 90" in shown and b"hello from the sandbox\r\n" in shown:
                    break
            elif json.loads(message)["type"] == "ready":
                socket.send(b"stty size; python3 /workspace/hello.py\n")


def test_the_preview(http: httpx.Client, server: DevServer) -> None:
    url = httpx.URL(http.post("/preview").json()["url"])
    assert url.host.startswith("8080-workbench-")
    assert url.host.endswith(".localhost")
    assert url.port == server.port

    def visit(host: str) -> httpx.Response:
        return http.get("/", headers={"host": f"{host}:{server.port}"})

    assert "Hello from a sandbox" in visit(url.host).text
    assert http.post("/preview").json()["url"] == str(url)
    wrong = visit("8080-workbench-guess.localhost")
    assert (wrong.status_code, wrong.json()["code"]) == (404, "INVALID_TOKEN")
