"""`getTcpPort(port).connect()`: bytes to and from what listens on a port.

Source: spec sandbox-and-containers.md section 2; Cloudflare's "TCP sockets" (the shape of Socket).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

from edge.containers.engine import Connection, ContainerGone
from edge.http.httpx_transport import connection_lost
from edge.http.streams.readable import ReadableStream, chunk_bytes
from edge.http.streams.source import END
from edge.http.streams.writable import WritableStream
from edge.js.errors import JsException, type_error
from edge.js.functions import js_method
from edge.js.objects import JsObject
from edge.js.promise import JsPromise
from edge.js.proxy import JsProxy
from edge.kernel.tasks import spawn_outside


class TcpSocket(JsProxy, js_name="Socket"):
    """A connection that is being made; both streams wait for it."""

    __slots__ = ("_closed", "_connecting", "_opened", "readable", "writable")

    secureTransport = "off"
    upgraded = False

    def __init__(self, connecting: Awaitable[Connection], address: str) -> None:
        """`connecting` raises JsException when nobody listens."""
        self._connecting = spawn_outside(_awaited(connecting), name="container.connect")
        self._connecting.add_done_callback(_seen)
        self._closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._opened = spawn_outside(self._info(address), name="container.connect")
        self._opened.add_done_callback(_seen)
        self.readable = ReadableStream(_Incoming(self))
        self.writable = WritableStream(_Outgoing(self))

    @property
    def opened(self) -> JsPromise:
        """`{remoteAddress, localAddress}` once it is connected."""
        return JsPromise.of(self._opened)

    @property
    def closed(self) -> JsPromise:
        return JsPromise.of(self._closed)

    @js_method
    def close(self) -> JsPromise:
        return JsPromise.start(self._close(), name="socket.close")

    @js_method
    def startTls(self, *_: Any) -> Any:
        raise type_error(
            "The `secureTransport` socket option must be set to 'starttls' for startTls to be used."
        )

    async def _info(self, address: str) -> JsObject:
        await asyncio.shield(self._connecting)
        return JsObject({"remoteAddress": address, "localAddress": None})

    async def _connection(self) -> Connection:
        return await asyncio.shield(self._connecting)

    async def _close(self) -> None:
        try:
            await (await self._connection()).close()
        except JsException:
            return  # it was never open; who asked `opened` knows
        finally:
            self._has_closed()

    def _has_closed(self) -> None:
        if not self._closed.done():
            self._closed.set_result(None)


class _Incoming:
    """What arrives (`edge.http.streams.source.Source`)."""

    def __init__(self, socket: TcpSocket) -> None:
        self._socket = socket

    async def pull(self) -> Any:
        connection = await self._socket._connection()
        try:
            data = await connection.read()
        except (ContainerGone, OSError):
            self._socket._has_closed()
            raise connection_lost() from None
        if not data:
            self._socket._has_closed()
        return data or END

    async def cancel(self, reason: Any) -> None:
        await self._socket._close()


class _Outgoing:
    """What is sent (`edge.http.streams.writable.Sink`)."""

    def __init__(self, socket: TcpSocket) -> None:
        self._socket = socket

    async def write(self, chunk: Any) -> None:
        connection = await self._socket._connection()
        try:
            await connection.write(chunk_bytes(chunk))
        except (ContainerGone, OSError):
            raise connection_lost() from None

    async def close(self) -> None:
        await (await self._socket._connection()).write_eof()

    async def abort(self, reason: Any) -> None:
        await self._socket._close()


async def _awaited(connecting: Awaitable[Connection]) -> Connection:
    return await connecting


def _seen(task: asyncio.Task[Any]) -> None:
    if not task.cancelled():
        task.exception()  # whoever waits for it learns of it
