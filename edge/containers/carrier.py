"""HTTP and WebSockets over the connections of an engine."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

from edge.containers.engine import Connection, ContainerGone, Instance
from edge.containers.port_socket import open_socket
from edge.http.host import current_host
from edge.http.httpx_transport import HttpxTransport
from edge.http.request import Request
from edge.http.response import Response


class PortTransport:
    """Sends requests to one port of one container; idle connections are kept for the next ones."""

    def __init__(self, instance: Instance, port: int) -> None:
        self._instance = instance
        self._port = port
        self._http = HttpxTransport(carrier=self._make)

    async def send(self, request: Request) -> Response:
        """One exchange. Raises NotListening, ContainerGone, JsException `Network connection lost.`"""
        if (request.headers.get_str("upgrade") or "").lower() == "websocket":
            with current_host.get().clock.hold(f"WebSocket to port {self._port} of a container"):
                return await open_socket(await self._instance.connect(self._port), request)
        return await self._http.send(request)

    async def close(self) -> None:
        """Give the idle connections up."""
        await self._http.close()

    def _make(self) -> httpx.AsyncBaseTransport:
        transport = httpx.AsyncHTTPTransport()
        transport._pool = httpcore.AsyncConnectionPool(
            max_connections=None,
            max_keepalive_connections=None,
            keepalive_expiry=30.0,
            network_backend=_Backend(self._instance, self._port),
        )
        return transport


class _Backend(httpcore.AsyncNetworkBackend):
    """Every address is the container."""

    def __init__(self, instance: Instance, port: int) -> None:
        self._instance = instance
        self._port = port

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        return _Stream(await self._instance.connect(self._port))


class _Stream(httpcore.AsyncNetworkStream):
    """An engine's connection as httpcore sees it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._ended = False

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            data = await self._connection.read(max_bytes)
        except (ContainerGone, OSError) as failure:
            raise httpcore.ReadError(str(failure)) from failure
        self._ended = not data
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        try:
            await self._connection.write(buffer)
        except (ContainerGone, OSError) as failure:
            raise httpcore.WriteError(str(failure)) from failure

    async def aclose(self) -> None:
        await self._connection.close()

    def get_extra_info(self, info: str) -> Any:
        # A connection that its server closed while idle is noticed by the read after the next request;
        # httpcore then says so, and a request without a body is sent again on a new one.
        return self._ended if info == "is_readable" else None
