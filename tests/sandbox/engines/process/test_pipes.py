from __future__ import annotations

import asyncio
import os
import socket

import pytest

from edge.containers.engine import ContainerGone
from sandbox.engines.process.pipes import FdConnection
from tests import loops


def test_read_waits_for_data_and_sees_the_end() -> None:
    async def scene() -> None:
        read, write = os.pipe()
        pipe = FdConnection(read, None)
        waiting = asyncio.ensure_future(pipe.read())
        await asyncio.sleep(0)
        os.write(write, b"abc")
        assert await waiting == b"abc"
        os.close(write)
        assert await pipe.read() == b""
        await pipe.close()
        assert await pipe.read() == b""

    loops.run(scene())


def test_close_wakes_whoever_waits() -> None:
    async def scene() -> None:
        read, write = os.pipe()
        pipe = FdConnection(read, None)
        waiting = asyncio.ensure_future(pipe.read())
        await asyncio.sleep(0)
        await pipe.close()
        assert await waiting == b""
        os.close(write)

    loops.run(scene())


def test_write_waits_for_room() -> None:
    async def scene() -> None:
        read, write = os.pipe()
        spare, unused = os.pipe()
        pipe = FdConnection(spare, write)
        writing = asyncio.ensure_future(pipe.write(bytes(300_000)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not writing.done()
        reader = FdConnection(read, None)
        received = 0
        while received < 300_000:
            received += len(await reader.read())
        await writing
        await reader.close()
        with pytest.raises(BrokenPipeError):
            await pipe.write(b"x")
        await pipe.write_eof()
        with pytest.raises(BrokenPipeError):
            await pipe.write(b"x")
        await pipe.close()
        os.close(unused)

    loops.run(scene())


def test_a_cancelled_read_leaves_the_data_to_the_next() -> None:
    async def scene() -> None:
        read, write = os.pipe()
        pipe = FdConnection(read, None)
        waiting = asyncio.ensure_future(pipe.read())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        os.write(write, b"abc")
        assert await pipe.read() == b"abc"
        os.close(write)
        await pipe.close()

    loops.run(scene())


def test_socket_half_closes_and_tells_of_a_reset() -> None:
    async def scene() -> None:
        server = socket.create_server(("127.0.0.1", 0))
        client = socket.create_connection(server.getsockname())
        peer, _ = server.accept()
        fd = client.detach()
        connection = FdConnection(fd, fd)
        await connection.write(b"x")
        await connection.write_eof()
        assert (peer.recv(10), peer.recv(10)) == (b"x", b"")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        peer.close()
        with pytest.raises(ContainerGone):
            await connection.read()
        await connection.close()
        server.close()

    loops.run(scene())
