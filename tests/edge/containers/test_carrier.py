"""HTTP and WebSockets over an engine's connections, against real servers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from edge.config import ContainerConfig
from edge.containers.carrier import PortTransport
from edge.containers.engine import Image, InstanceSpec
from edge.http.headers import Headers
from edge.http.request import Request
from edge.http.response import Response
from edge.http.streams.readable import ReadableStream
from edge.http.streams.source import END
from edge.http.websocket import WebSocket
from edge.js.errors import JsException
from tests.edge.containers.double import DoubleEngine, DoubleInstance
from tests.loops import run

PORT = 8080


def instance_on(port: int) -> DoubleInstance:
    engine = DoubleEngine()
    engine.ports[PORT] = port
    return DoubleInstance(engine, InstanceSpec("box", Image(ContainerConfig("Box", image="x").image)))


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Echo the request line and the body; `/slow` streams two chunks, `/cut` breaks off."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            first = head.split(b"\r\n")[0]
            body = b""
            if b"chunked" in head.lower():
                while size := int(await reader.readline(), 16):
                    body += await reader.readexactly(size)
                    await reader.readline()
                await reader.readline()
            if b"/slow" in first:
                writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
                await writer.drain()
                await reader.readexactly(2)  # until the test says that it got the first
                writer.write(b"3\r\ntwo\r\n0\r\n\r\n")
            elif b"/cut" in first:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart")
                await writer.drain()
                writer.close()
                return
            else:
                text = first + b"|" + body
                writer.write(
                    b"HTTP/1.1 201 Created\r\nX-A: b\r\nContent-Length: %d\r\n\r\n%s" % (len(text), text)
                )
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass  # the client went
    finally:
        writer.close()


def over_http(play: Callable[[PortTransport, DoubleInstance], Awaitable[None]]) -> None:
    async def whole() -> None:
        server = await asyncio.start_server(_answer, "127.0.0.1", 0)
        instance = instance_on(server.sockets[0].getsockname()[1])
        async with server:
            transport = PortTransport(instance, PORT)  # type: ignore[arg-type]
            await play(transport, instance)
            await transport.close()

    run(whole())


async def content(response: Response) -> bytes:
    stream = response._payload
    assert isinstance(stream, ReadableStream)
    return b"".join([chunk async for chunk in stream.chunks()])


def test_connections_are_kept_for_the_next_request() -> None:
    async def play(transport: PortTransport, instance: DoubleInstance) -> None:
        for path in ("/a", "/b"):
            response = await transport.send(Request.make(f"http://box{path}"))
            assert (response.status, response.headers.get_str("x-a")) == (201, "b")
            assert await content(response) == f"GET {path} HTTP/1.1|".encode()
        assert instance.connected == 1

    over_http(play)


def test_a_body_goes_along() -> None:
    async def play(transport: PortTransport, instance: DoubleInstance) -> None:
        async def parts() -> Any:
            for part in (b"x" * 70_000, b"y"):
                yield part

        request = Request.make("http://box/", method="POST", payload=ReadableStream(Parts(parts())))
        response = await transport.send(request)
        assert await content(response) == b"POST / HTTP/1.1|" + b"x" * 70_000 + b"y"

    over_http(play)


class Parts:
    """The source of a stream."""

    def __init__(self, parts: Any) -> None:
        self._parts = parts

    async def pull(self) -> Any:
        return await anext(self._parts, END)

    async def cancel(self, reason: Any) -> None: ...


def test_an_answer_that_breaks_off_is_a_lost_connection() -> None:
    async def play(transport: PortTransport, instance: DoubleInstance) -> None:
        response = await transport.send(Request.make("http://box/cut"))
        with pytest.raises(JsException, match="Network connection lost"):
            await content(response)

    over_http(play)


def over_websocket(
    handler: Callable[[ServerConnection], Awaitable[None]],
    play: Callable[[Response], Awaitable[None]],
    path: str = "/",
    **options: Any,
) -> None:
    async def whole() -> None:
        async with serve(handler, "127.0.0.1", 0, **options) as server:
            instance = instance_on(next(iter(server.sockets)).getsockname()[1])
            headers = Headers([("upgrade", "websocket"), ("sec-websocket-protocol", "chat")])
            transport = PortTransport(instance, PORT)  # type: ignore[arg-type]
            await play(await transport.send(Request.make(f"http://box{path}", headers=headers)))

    run(whole())


class Heard:
    """What a Worker's end of a socket receives."""

    def __init__(self, socket: WebSocket) -> None:
        self.events: asyncio.Queue[Any] = asyncio.Queue()
        socket.addEventListener("message", lambda event: self.events.put_nowait(event.data))
        socket.addEventListener("close", lambda event: self.events.put_nowait((event.code, event.reason)))
        socket.accept()

    async def next(self) -> Any:
        return await asyncio.wait_for(self.events.get(), 10)


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


def test_messages_go_both_ways() -> None:
    async def play(response: Response) -> None:
        assert response.status == 101
        assert response.headers.get_str("sec-websocket-protocol") == "chat"
        socket = response._web_socket
        assert socket is not None
        heard = Heard(socket)
        for message in ("täxt", "x" * 200_000, ""):
            socket.send(message)
            assert await heard.next() == message
        socket.close(4001, "enough")
        assert await heard.next() == (4001, "enough")

    over_websocket(echo, play, subprotocols=["chat"])


def test_the_close_of_the_server_arrives() -> None:
    async def bye(connection: ServerConnection) -> None:
        await connection.send("first")
        await connection.close(4002, "bye")

    async def play(response: Response) -> None:
        assert response._web_socket is not None
        heard = Heard(response._web_socket)
        assert [await heard.next(), await heard.next()] == ["first", (4002, "bye")]

    over_websocket(bye, play)


def test_a_server_that_vanishes_closes_with_1006() -> None:
    async def vanish(connection: ServerConnection) -> None:
        connection.transport.abort()

    async def play(response: Response) -> None:
        assert response._web_socket is not None
        assert (await Heard(response._web_socket).next())[0] == 1006

    over_websocket(vanish, play)


def test_a_refusal_is_an_ordinary_response() -> None:
    async def play(response: Response) -> None:
        assert response.status == 403
        assert response._web_socket is None

    def refuse(connection: ServerConnection, request: Any) -> Any:
        return connection.respond(403, "no\n")

    over_websocket(echo, play, process_request=refuse)
