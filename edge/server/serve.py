"""Running the front door under uvicorn: plain HTTP/1.1 and WebSockets, as fast as Python serves them."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Any

import uvicorn

from edge.server.app import FrontDoor
from edge.server.uvicorn_http import DoorHttp

KEEP_ALIVE_S = 75
BACKLOG = 2048


def _socket_protocol(**options: Any) -> asyncio.Protocol:
    """Made at the first upgrade: the WebSocket library costs start-up time."""
    from edge.server.uvicorn_socket import DoorSocket

    return DoorSocket(**options)


class UvicornServer:
    """A server on a bound socket."""

    def __init__(self, door: FrontDoor, listener: socket.socket, *, grace_s: float) -> None:
        # What goes wrong in a request is logged by the front door, in its own words.
        logging.getLogger("uvicorn").setLevel(logging.CRITICAL)
        config = uvicorn.Config(
            door,
            http=DoorHttp,
            ws=_socket_protocol,  # type: ignore[arg-type]
            interface="asgi3",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=max(1, round(grace_s)),
        )
        config.load()
        self._listener = listener
        self._server = uvicorn.Server(config)
        self._server.lifespan = config.lifespan_class(config)

    async def serve(self, ready: Callable[[], None]) -> None:
        """Accept connections until `stop`; then answer what is under way, for the grace time."""
        await self._server.startup(sockets=[self._listener])
        ready()
        await self._server.main_loop()
        await self._server.shutdown(sockets=[self._listener])

    def stop(self) -> None:
        self._server.should_exit = True
