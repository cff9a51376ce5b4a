from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from websockets.asyncio.server import ServerConnection, serve

from benchmarks.figures import Load
from benchmarks.websocket_load import measure
from tests.loops import run


async def _served(handler: Callable[[ServerConnection], Awaitable[None]], duration_s: float = 0.2) -> Load:
    async with serve(handler, "127.0.0.1", 0, compression=None) as server:
        port = server.sockets[0].getsockname()[1]
        return await measure(f"ws://127.0.0.1:{port}/echo?name=x", 3, duration_s)


async def _echo(socket: ServerConnection) -> None:
    async for message in socket:
        await socket.send(message)


async def _other(socket: ServerConnection) -> None:
    async for _ in socket:
        await socket.send("something else")


async def _refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
    await writer.drain()
    writer.close()


@pytest.mark.slow
def test_echoes_are_counted_on_all_connections() -> None:
    load = run(_served(_echo))
    assert load.errors == 0
    assert load.rps > 10
    assert 0 < load.p50_ms <= load.p99_ms


@pytest.mark.slow
def test_an_answer_that_is_no_echo_is_no_figure() -> None:
    with pytest.raises(RuntimeError, match="no message came back"):
        run(_served(_other))


def test_a_refused_upgrade_is_named() -> None:
    async def refused() -> None:
        server = await asyncio.start_server(_refuse, "127.0.0.1", 0)
        async with server:
            await measure(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/", 1, 0.1)

    with pytest.raises(RuntimeError, match="no upgrade: HTTP/1.1 404 Not Found"):
        run(refused())
