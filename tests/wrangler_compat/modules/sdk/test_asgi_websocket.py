"""Recorded: asgi.json `asgi-ws:*`; spec python-workers.md section 5."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from edge.http.request import Request as JsRequest
from edge.http.websocket import WebSocket
from edge.kernel.clock import WallClock
from edge.worker.invocation import Invocation, current
from tests.loops import run
from wrangler_compat.modules.sdk import asgi

CONNECT = {"type": "websocket.connect"}


class Client:
    """The other side of the socket: keeps what it gets."""

    def __init__(self, end: WebSocket) -> None:
        self.end = end
        self.got: asyncio.Queue[Any] = asyncio.Queue()
        end._attach(self)

    def on_message(self, data: str | bytes) -> None:
        self.got.put_nowait(data)

    def on_close(self, code: int, reason: str, was_clean: bool) -> None:
        self.got.put_nowait((code, reason, was_clean))

    def on_error(self, reason: Any) -> None:
        self.got.put_nowait(reason)


async def connected(app: Any) -> tuple[Client, Invocation]:
    invocation = Invocation("test", WallClock())
    current.set(invocation)
    response = await asgi.websocket(app, JsRequest.incoming("GET", "http://h/ws/x?a=1", []), None)
    assert response.status == 101
    return Client(response.webSocket), invocation


async def echo(scope: Any, receive: Any, send: Any) -> None:
    assert await receive() == CONNECT
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({**message, "type": "websocket.send"})
    await send({"type": "websocket.close", "code": 4001, "reason": f"{message['code']} {message['reason']}"})


def test_scope() -> None:
    seen: dict[str, Any] = {}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.update(scope)

    run(connected(app))
    run(asyncio.sleep(0))
    assert sorted(seen) == [
        *("asgi", "env", "headers", "http_version", "method", "path", "query_string"),
        *("raw_path", "scheme", "type"),
    ]
    assert (seen["type"], seen["scheme"], seen["path"], seen["env"]) == ("websocket", "http", "/ws/x", {})


@pytest.mark.parametrize("data", ["text", "", b"\x00\xff", b""], ids=repr)
def test_messages_both_ways(data: str | bytes) -> None:
    async def body() -> Any:
        client, _ = await connected(echo)
        client.end._send(data)
        return await client.got.get()

    assert run(body()) == data


def test_the_clients_close_reaches_the_application() -> None:
    seen = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.extend([await receive(), await receive()])

    async def body() -> None:
        client, invocation = await connected(app)
        client.end._close(4000, "bye")
        await invocation.drain(1)

    run(body())
    assert seen == [CONNECT, {"type": "websocket.disconnect", "code": 4000, "reason": "bye"}]


@pytest.mark.parametrize(
    ("message", "close"),
    [
        ({"code": 4005, "reason": "app"}, (4005, "app", True)),
        ({}, (1000, "", True)),
    ],
)
def test_the_applications_close(message: dict[str, Any], close: tuple[int, str, bool]) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.close", **message})

    async def body() -> Any:
        client, _ = await connected(app)
        return await client.got.get()

    assert run(body()) == close


def test_an_application_that_returns_closes_normally() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        return

    async def body() -> Any:
        client, _ = await connected(app)
        return await client.got.get()

    assert run(body()) == (1000, "", True)


def test_an_application_that_raises(caplog: pytest.LogCaptureFixture) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise ValueError("ws app")

    async def body() -> Any:
        client, _ = await connected(app)
        return await client.got.get()

    assert run(body()) == (1011, "", True)
    assert "ws app" in caplog.text
