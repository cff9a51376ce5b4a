"""Workers that other people wrote for Cloudflare, unmodified: `cloudflare/python-workers-examples`.

Nothing of that repository is in ours. EDGE_PUBLIC_EXAMPLES names a checkout; without one these tests
are skipped. What is asserted is what the repository's own HTTP tests assert, and for the examples that
have none, what their README says. docs/compat.md has the table.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from tests.examples.serving import DevServer, serving

CHECKOUT = os.environ.get("EDGE_PUBLIC_EXAMPLES")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHECKOUT is None,
        reason="EDGE_PUBLIC_EXAMPLES does not name a checkout of cloudflare/python-workers-examples",
    ),
]

TEXT = "text/plain;charset=UTF-8"

Serve = Callable[[str], DevServer]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    with ExitStack() as servers:
        yield lambda folder: servers.enter_context(serving(Path(CHECKOUT or "") / folder, tmp_path))


def get(server: DevServer, path: str = "/") -> httpx.Response:
    return httpx.get(server.url + path)


def seen(response: httpx.Response) -> tuple[int, str | None, str]:
    return response.status_code, response.headers.get("content-type"), response.text


def test_01_hello(serve: Serve) -> None:
    assert seen(get(serve("01-hello"))) == (200, TEXT, "Hello world!")


def test_02_binding(serve: Serve) -> None:
    assert seen(get(serve("02-binding"))) == (200, TEXT, "baz")


def test_03_fastapi(serve: Serve) -> None:
    pytest.importorskip("fastapi")
    pytest.importorskip("jinja2")
    server = serve("03-fastapi")
    hello = "This is an example of FastAPI with Jinja2 - go to /hi/<name> to see a template rendered"
    assert seen(get(server)) == (
        200,
        "application/json",
        json.dumps({"message": hello}, separators=(",", ":")),
    )
    assert seen(get(server, "/hi/Dominik")) == (200, "application/json", '{"message":"Hello, Dominik!"}')
    env = "Here is an example of getting an environment variable: My env var"
    assert seen(get(server, "/env")) == (200, "application/json", f'{{"message":"{env}"}}')


def test_06_assets(serve: Serve) -> None:
    server = serve("06-assets")
    types = {
        "/": "text/html; charset=utf-8",
        "/image.svg": "image/svg+xml",
        "/style.css": "text/css; charset=utf-8",
        "/script.js": "text/javascript; charset=utf-8",
        "/favicon.ico": "image/vnd.microsoft.icon",
        "/painting.jpg": "image/jpeg",
    }
    responses = {path: get(server, path) for path in types}
    assert {path: response.headers["content-type"] for path, response in responses.items()} == types
    assert {response.status_code for response in responses.values()} == {200}
    picture = Path(CHECKOUT or "", "06-assets", "assets", "painting.jpg").read_bytes()
    assert responses["/painting.jpg"].content == picture


def test_07_durable_objects(serve: Serve) -> None:
    server = serve("07-durable-objects")
    visits = [
        "/room-1/show",
        "/room-1/add/hi",
        "/room-1/show",
        "/room-1/add/there",
        "/room-1/show",
        "/room-2/show",
    ]
    answers = ["No messages", "Message sent", "hi", "Message sent", "hi\nthere", "No messages"]
    assert [seen(get(server, path)) for path in visits] == [(200, TEXT, answer) for answer in answers]
    assert get(server, "/room-1/nothing").status_code == 404
    assert get(server).status_code == 400


@pytest.mark.parametrize("route", ["/cdn-cgi/handler/scheduled", "/cdn-cgi/local/scheduled"])
def test_08_cron(serve: Serve, route: str) -> None:
    server = serve("08-cron")
    status, content_type, text = seen(get(server))
    assert (status, content_type) == (200, TEXT)
    assert text.startswith("Hello from Cron Worker")
    assert "Scheduled task has been executed." not in server.output
    assert get(server, f"{route}?cron=*/1+*+*+*+*").status_code == 200
    server.stop()  # its output is complete now
    assert server.output.count("Scheduled task has been executed.") == 1


def test_12_image_gen(serve: Serve) -> None:
    pytest.importorskip("PIL")
    server = serve("12-image-gen")
    for path in (
        "/gradient?width=40&height=20",
        "/badge?text=hi",
        "/placeholder?width=50&height=30",
        "/chart",
    ):
        response = get(server, path)
        assert (response.status_code, response.headers["content-type"]) == (200, "image/png")
        assert response.content.startswith(b"\x89PNG\r\n\x1a\n")
    assert get(server).headers["content-type"] == "text/html"


def test_13_js_api_pygments(serve: Serve) -> None:
    pytest.importorskip("pygments")
    answer = "Python RPC server is running. Use RPC to call methods."
    assert seen(get(serve("13-js-api-pygments/py"))) == (200, TEXT, answer)


def test_15_chatroom(serve: Serve) -> None:
    server = serve("15-chatroom")
    page = get(server)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html")
    assert page.text == Path(CHECKOUT or "", "15-chatroom", "src", "chatroom.html").read_text()
    assert seen(get(server, "/room/lobby")) == (400, TEXT, "Expected WebSocket upgrade")
    assert get(server, "/elsewhere").status_code == 404

    room = f"{server.websocket_url}/room/lobby"
    with connect(room) as ada, connect(room) as bob:
        for visitor in (ada, bob):
            assert json.loads(visitor.recv(timeout=20))["text"] == "Connected to chatroom"
        ada.send(json.dumps({"username": "Ada", "text": "hello"}))
        for visitor in (ada, bob):
            message = json.loads(visitor.recv(timeout=20))
            assert (message["type"], message["username"], message["text"]) == ("message", "Ada", "hello")
        with connect(room) as carol:
            history = json.loads(carol.recv(timeout=20))
            assert [line["text"] for line in history["messages"]] == ["hello"]
        with connect(f"{server.websocket_url}/room/other") as stranger:
            assert json.loads(stranger.recv(timeout=20))["text"] == "Connected to chatroom"


def test_18_django(serve: Serve) -> None:
    pytest.importorskip("django")
    message = '{"message": "Hello from Django on Cloudflare Workers!"}'
    assert seen(get(serve("18-django"))) == (200, "application/json", message)
