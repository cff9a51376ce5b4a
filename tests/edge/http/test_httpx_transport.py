"""The real network, over loopback."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from edge.http.fetch import fetch
from edge.http.host import Host, current_host
from edge.http.httpx_transport import HttpxTransport
from edge.js.errors import JsException
from edge.js.typed_arrays import JsUint8Array
from tests.edge.http.face import js, obj
from tests.loops import run

Handler = Callable[[bytes, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    """A server that reads one request's head and leaves the rest to `handler`."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(await reader.readuntil(b"\r\n\r\n"), reader, writer)
        finally:
            writer.close()
            await writer.wait_closed()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    transport = HttpxTransport()
    current_host.set(Host(outbound=transport))
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/x?q=1"
    finally:
        await transport.close()
        server.close()
        await server.wait_closed()


def test_bodies_stream_both_ways() -> None:
    async def main() -> None:
        got: list[bytes] = []
        released = asyncio.Event()

        async def handler(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            got.append(head)
            got.append(await reader.readuntil(b"0\r\n\r\n"))
            writer.write(b"HTTP/1.1 203 Fine\r\nX-A: 1\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\n")
            writer.write(b"transfer-encoding: chunked\r\n\r\n3\r\none\r\n")
            await writer.drain()
            await released.wait()
            writer.write(b"3\r\ntwo\r\n0\r\n\r\n")
            await writer.drain()

        async with serving(handler) as url:
            body = js.TransformStream.new()
            writer = body.writable.getWriter()
            promise = fetch(url, obj(method="POST", body=body.readable, headers=obj(host="evil", k="v")))
            for part in (b"a", b"bc"):
                await writer.write(JsUint8Array.of_bytes(part))
            await writer.close()
            response = await promise
            assert (response.status, response.statusText) == (203, "Fine")
            assert list(response.headers.getSetCookie()) == ["a=1", "b=2"]
            chunks = response.take_payload().chunks()
            assert await anext(chunks) == b"one"
            released.set()
            assert [chunk async for chunk in chunks] == [b"two"]
        head = got[0].decode()
        assert head.startswith("POST /x?q=1 HTTP/1.1\r\n")
        assert "\r\nk: v\r\n" in head
        assert "evil" not in head
        assert got[1] == b"1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"

    run(main())


def test_compressed_answers_are_decoded() -> None:
    async def main() -> None:
        async def handler(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            body = gzip.compress(b"hello")
            writer.write(
                b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(body)
            )
            writer.write(body)
            await writer.drain()

        async with serving(handler) as url:
            response = await fetch(url)
            assert await response.text() == "hello"
            assert not response.headers.has("content-encoding")
            assert not response.headers.has("content-length")

    run(main())


@pytest.mark.parametrize(
    "sent", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc", b"nonsense\r\n\r\n"]
)
def test_connections_that_break(sent: bytes) -> None:
    async def main() -> None:
        async def handler(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(sent)
            await writer.drain()

        async with serving(handler) as url:
            with pytest.raises(JsException) as caught:
                await (await fetch(url)).text()
            assert (str(caught.value), caught.value.retryable) == ("Error: Network connection lost.", True)

    run(main())


def test_a_body_that_nobody_reads_gives_its_connection_back() -> None:
    async def main() -> None:
        gone = asyncio.Event()

        async def handler(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc")
            await writer.drain()
            assert await reader.read() == b""
            gone.set()

        async with serving(handler) as url:
            response = await fetch(url)
            assert response.status == 200
            del response
            await gone.wait()

    run(main())


def test_nobody_listens() -> None:
    async def main() -> None:
        transport = HttpxTransport()
        current_host.set(Host(outbound=transport))
        with pytest.raises(JsException, match=r"^Error: Network connection lost\.$"):
            await fetch("http://127.0.0.1:1/")
        await transport.close()

    run(main())
