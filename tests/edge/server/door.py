"""A front door with a Worker made of one function, on a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from edge.http.request import Request
from edge.http.response import Response
from edge.kernel.clock import WallClock
from edge.server.app import FrontDoor
from edge.server.serve import _socket_protocol
from edge.server.uvicorn_http import DoorHttp

Handler = Callable[[Request], Awaitable[Response]]


@dataclass
class Outcome:
    outcome: str = "ok"
    no_retry: bool = False
    error: BaseException | None = None


@dataclass
class FakeWorld:
    """Answers with `handler`; remembers the cron events."""

    handler: Handler
    outcome: Outcome = field(default_factory=Outcome)
    crons: list[tuple[str, float]] = field(default_factory=list)
    places: list[str | None] = field(default_factory=list)

    async def dispatch(
        self, request: Request, *, worker: str | None = None, place: str | None = None
    ) -> Response:
        self.places.append(place)
        return await self.handler(request)

    async def scheduled(self, cron: str, time_ms: float, *, worker: str | None = None) -> Outcome:
        self.crons.append((cron, time_ms))
        return self.outcome


async def unused(request: Request) -> Response:
    raise AssertionError(f"the Worker was asked for {request.url}")


@asynccontextmanager
async def serving(handler: Handler, **door: Any) -> AsyncIterator[int]:
    """Serve under uvicorn's protocol; gives the port."""
    config = uvicorn.Config(
        FrontDoor(FakeWorld(handler), WallClock(), **door), interface="asgi3", ws=_socket_protocol,  # type: ignore[arg-type]
        log_config=None, proxy_headers=False,
    )  # fmt: skip
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: DoorHttp(config, state, {}, loop), "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for connection in list(state.connections):
            connection.transport.abort() if hasattr(
                connection, "transport"
            ) else connection._transport.abort()
        for task in list(state.tasks):
            task.cancel()
        await asyncio.gather(*state.tasks, return_exceptions=True)
        await server.wait_closed()


async def raw(port: int, request: bytes, *, half_close: bool = False) -> bytes:
    """What the server answers to these bytes until it closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        if half_close:
            writer.write_eof()
        return await asyncio.wait_for(reader.read(), 10)
    finally:
        writer.close()


def get(path: str, *headers: str) -> bytes:
    """A GET that asks for the connection to be closed."""
    lines = [f"GET {path} HTTP/1.1", "Host: localhost:8787", "Connection: close", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def parts(answer: bytes) -> tuple[str, dict[str, str], bytes]:
    """Status line, headers and body of an answer."""
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    return status, dict(line.split(": ", 1) for line in lines), body
