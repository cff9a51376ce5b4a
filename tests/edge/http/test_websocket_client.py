"""Outgoing WebSockets over loopback; runtime.md section 5."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from edge.http.fetch import fetch
from edge.http.host import Host, current_host
from edge.http.httpx_transport import HttpxTransport
from edge.http.websocket import WebSocket
from edge.js.errors import JsException
from tests.edge.http.face import js, obj, refused
from tests.loops import run


def _refuse(connection: ServerConnection, request: Request) -> Response | None:
    return connection.respond(HTTPStatus.FORBIDDEN, "denied") if request.path == "/refuse" else None


def _choose(connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    return Subprotocol("b") if "b" in offered else None


@asynccontextmanager
async def serving(handler: Callable[[ServerConnection], Awaitable[None]]) -> AsyncIterator[str]:
    transport = HttpxTransport()
    current_host.set(Host(outbound=transport))
    async with serve(handler, "127.0.0.1", 0, process_request=_refuse, select_subprotocol=_choose) as server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    await transport.close()


async def _echo(connection: ServerConnection) -> None:
    async for message in connection:
        if message == "close":
            await connection.close(4000, "asked")
        elif message == "drop":
            connection.transport.abort()
        else:
            await connection.send(message)


def _events(socket: WebSocket) -> asyncio.Queue[Any]:
    queue: asyncio.Queue[Any] = asyncio.Queue()
    socket.addEventListener("open", lambda event: queue.put_nowait("open"))
    socket.addEventListener("message", lambda event: queue.put_nowait(event.data))
    socket.addEventListener("error", lambda event: queue.put_nowait(("error", event.message)))
    socket.addEventListener(
        "close", lambda event: queue.put_nowait((event.code, event.reason, event.wasClean))
    )
    return queue


UPGRADE = obj(headers=obj(Upgrade="websocket"))


def test_fetch_with_upgrade() -> None:
    async def main() -> None:
        async with serving(_echo) as address:
            response = await fetch(f"http://{address}/", UPGRADE)
            assert response.status == 101
            socket = response.webSocket
            events = _events(socket)
            socket.accept()
            socket.binaryType = "arraybuffer"
            socket.send("é")
            socket.send("second")
            assert [await events.get(), await events.get()] == ["é", "second"]
            socket.send("close")
            assert await events.get() == (4000, "asked", True)
            assert socket.readyState == 3

    run(main())


def test_the_worker_closes() -> None:
    async def main() -> None:
        closed: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        async def handler(connection: ServerConnection) -> None:
            await connection.wait_closed()
            closed.set_result((connection.close_code, connection.close_reason))

        async with serving(handler) as address:
            socket = (await fetch(f"http://{address}/", UPGRADE)).webSocket
            socket.accept()
            events = _events(socket)
            socket.close(4001, "enough")
            assert await closed == (4001, "enough")
            assert await events.get() == (4001, "enough", True)

    run(main())


def test_a_server_that_vanishes() -> None:
    async def main() -> None:
        async with serving(_echo) as address:
            socket = (await fetch(f"http://{address}/", UPGRADE)).webSocket
            socket.accept()
            events = _events(socket)
            socket.send("drop")
            assert await events.get() == (1006, "WebSocket disconnected without sending Close frame.", False)

    run(main())


def test_a_refusal_is_an_ordinary_response() -> None:
    async def main() -> None:
        async with serving(_echo) as address:
            response = await fetch(f"http://{address}/refuse", UPGRADE)
            assert (response.status, await response.text(), str(response.webSocket)) == (
                403,
                "denied",
                "null",
            )
            with pytest.raises(JsException, match=r"Network connection lost\."):
                await fetch("http://127.0.0.1:1/", UPGRADE)

    run(main())


def test_the_constructor() -> None:
    async def main() -> None:
        async with serving(_echo) as address:
            socket = js.WebSocket.new(f"ws://{address}/", ["a", "b"])
            events = _events(socket)
            assert (socket.readyState, socket.url) == (0, f"ws://{address}/")
            refused(
                "TypeError",
                "Websockets obtained from the 'new WebSocket()' constructor cannot call accept",
                socket.accept,
            )
            assert await events.get() == "open"
            assert (socket.readyState, socket.protocol) == (1, "b")
            socket.send("x")
            assert await events.get() == "x"
            socket.close(1000, "done")
            assert await events.get() == (1000, "done", True)

    run(main())


def test_a_failed_handshake() -> None:
    async def main() -> None:
        async with serving(_echo) as address:
            socket = js.WebSocket.new(f"http://{address}/refuse")
            events = _events(socket)
            assert await events.get() == (
                "error",
                "Failed to establish the WebSocket connection: expected server to reply with HTTP status "
                "code 101 (switching protocols), but received 403 instead.",
            )
            assert await events.get() == (1006, "Failed to establish websocket connection", False)
            assert socket.readyState == 3

    run(main())


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nope", "The url is invalid."),
        ("ftp://a/", "The url scheme must be ws or wss."),
        ("ws://a/#x", "The url fragment must be empty."),
    ],
)
def test_bad_urls(url: str, message: str) -> None:
    refused("SyntaxError", f"WebSocket Constructor: {message}", lambda: js.WebSocket.new(url))
