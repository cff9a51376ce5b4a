"""The front door as plain ASGI, as other servers drive it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from edge.http.headers import Headers
from edge.http.request import Request
from edge.http.response import Response
from edge.http.websocket import WebSocketPair
from edge.js.errors import JsException
from edge.kernel.clock import WallClock
from edge.network.errors import UnknownPlace
from edge.server.app import FrontDoor
from tests.edge.server.door import FakeWorld, Handler
from tests.loops import run


def scope(kind: str = "http", path: str = "/", query: bytes = b"", **more: Any) -> dict[str, Any]:
    return {
        "type": kind, "http_version": "2", "method": "GET", "scheme": "https" if kind == "http" else "wss",
        "path": path, "raw_path": path.encode(), "query_string": query, "headers": [(b"host", b"edge.test")],
        "client": ("10.0.0.1", 1), "server": ("127.0.0.1", 443), **more,
    }  # fmt: skip


async def drive(handler: Handler, given: dict[str, Any], *incoming: dict[str, Any]) -> list[dict[str, Any]]:
    """The messages the app sends; after `incoming` the client stays and says nothing."""
    sent: list[dict[str, Any]] = []
    queue = list(incoming)

    async def receive() -> dict[str, Any]:
        if queue:
            return queue.pop(0)
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    async def send(message: Any) -> None:
        sent.append(dict(message))

    await FrontDoor(FakeWorld(handler), WallClock())(given, receive, send)
    return sent


def test_a_request() -> None:
    async def answer(request: Request) -> Response:
        body = (await request.read_bytes()).decode()
        return Response.make(
            f"{request.method} {request.url} {body}".encode(), 201, "", Headers([("x-a", "é")])
        )

    messages = run(
        drive(
            answer,
            scope(path="/p", query=b"q=1", method="POST"),
            {"type": "http.request", "body": b"ab", "more_body": True},
            {"type": "http.request", "body": b"c"},
        )
    )
    assert messages == [
        {
            "type": "http.response.start",
            "status": 201,
            "headers": [(b"x-a", b"\xe9"), (b"content-length", b"27")],
        },
        {"type": "http.response.body", "body": b"POST https://edge.test/p?q=1 abc", "more_body": False},
    ] or len(messages[1]["body"]) == int(messages[0]["headers"][1][1])


def test_a_body_that_stops_midway_raises_in_the_worker() -> None:
    async def answer(request: Request) -> Response:
        return Response.make(await request.read_bytes())

    messages = run(
        drive(
            answer,
            scope(method="POST"),
            {"type": "http.request", "body": b"ab", "more_body": True},
            {"type": "http.disconnect"},
        )
    )
    assert messages[0]["status"] == 500
    assert messages[1]["body"] == b"Error: Network connection lost."


def test_a_disconnect_cancels_the_worker() -> None:
    seen: list[bool] = []

    async def answer(request: Request) -> Response:
        try:
            await asyncio.Event().wait()
        finally:
            seen.append(request.signal.aborted)
        raise AssertionError("unreachable")

    assert run(drive(answer, scope(), {"type": "http.disconnect"})) == []
    assert seen == [True]


def test_lifespan() -> None:
    async def unused(request: Request) -> Response:
        raise AssertionError

    messages = run(
        drive(unused, {"type": "lifespan"}, {"type": "lifespan.startup"}, {"type": "lifespan.shutdown"})
    )
    assert [message["type"] for message in messages] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]
    with pytest.raises(ValueError, match="unknown ASGI scope"):
        run(drive(unused, {"type": "other"}))


def test_a_websocket() -> None:
    async def answer(request: Request) -> Response:
        assert request.headers.get_str("upgrade") == "websocket"
        assert request.url == "https://edge.test/"
        client, server = WebSocketPair()._ends
        server.accept()
        server.addEventListener("message", lambda event: server.send(f"got {event.data}"))
        return Response.make(None, 101, "", Headers([("sec-websocket-protocol", "b")]), client)

    async def check() -> None:
        sent: list[dict[str, Any]] = []
        incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        incoming.put_nowait({"type": "websocket.connect"})
        incoming.put_nowait({"type": "websocket.receive", "text": "hi"})

        async def send(message: Any) -> None:
            sent.append(dict(message))
            if message["type"] == "websocket.send":
                incoming.put_nowait({"type": "websocket.disconnect", "code": 1006})

        await FrontDoor(FakeWorld(answer), WallClock())(scope("websocket"), incoming.get, send)
        assert sent == [
            {"type": "websocket.accept", "subprotocol": "b", "headers": []},
            {"type": "websocket.send", "text": "got hi"},
        ]

    run(check())


def test_a_websocket_that_is_refused() -> None:
    async def answer(request: Request) -> Response:
        return Response.make(b"denied", 403)

    given = scope("websocket", extensions={"websocket.http.response": {}})
    assert run(drive(answer, given, {"type": "websocket.connect"})) == [
        {"type": "websocket.http.response.start", "status": 403, "headers": [(b"content-length", b"6")]},
        {"type": "websocket.http.response.body", "body": b"denied", "more_body": False},
    ]
    assert run(drive(answer, scope("websocket"), {"type": "websocket.connect"})) == [
        {"type": "websocket.close", "code": 1000}
    ]


def test_an_error_text_may_hold_a_lone_surrogate() -> None:
    async def answer(_: Request) -> Response:
        raise JsException("Error", "half \ud83d of a character")

    start, body = run(drive(answer, scope()))
    assert start["status"] == 500
    assert body["body"].decode() == "Error: half \ufffd of a character"


@pytest.mark.parametrize(
    ("headers", "default", "place"),
    [
        ([], None, None),
        ([], "SYD", "SYD"),
        ([(b"x-edge-place", b"lhr")], "SYD", "lhr"),
        ([(b"x-edge-place", b"lhr")], None, "lhr"),
    ],
)
def test_where_a_request_enters(
    headers: list[tuple[bytes, bytes]], default: str | None, place: str | None
) -> None:
    async def answer(request: Request) -> Response:
        return Response.make(b"ok")

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        assert message["type"].startswith("http.response.")

    world = FakeWorld(answer)
    given = scope(headers=[(b"host", b"edge.test"), *headers])
    run(FrontDoor(world, WallClock(), place=default)(given, receive, send))
    assert world.places == [place]


def test_an_unknown_place_is_a_bad_request() -> None:
    async def answer(request: Request) -> Response:
        raise UnknownPlace("no such place")

    start, body = run(drive(answer, scope()))
    assert (start["status"], body["body"]) == (400, b"no such place")
