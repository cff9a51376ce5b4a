"""A cloud that answers on a socket."""

from __future__ import annotations

import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import uvicorn

from edge.kernel.tasks import spawn
from edge.server.app import OnAnswer
from wrangler_compat.cloud.accounts import Account
from wrangler_compat.cloud.app import api
from wrangler_compat.cloud.call import BASE_PATH
from wrangler_compat.cloud.cloud import Cloud
from wrangler_compat.cloud.failing import Failing
from wrangler_compat.cloud.serving.doors import Doors, OnCall
from wrangler_compat.cloud.tails.masking import LenientSocket
from wrangler_compat.dev.listener import url_of

KEEP_ALIVE_S = 75
STOP_WAIT_S = 5


@dataclass(frozen=True, slots=True)
class Running:
    """Where a cloud answers."""

    cloud: Cloud
    origin: str

    @property
    def url(self) -> str:
        """The base URL of its API."""
        return self.origin + BASE_PATH

    @property
    def registry(self) -> str:
        """Host and port of its registry of container images. Docker speaks plain HTTP to addresses of
        loopback only."""
        return self.origin.partition("://")[2]

    def environment(self, account: Account) -> dict[str, str]:
        """The variables by which wrangler, the official Python package and `edge` find an account."""
        return {
            "CLOUDFLARE_API_BASE_URL": self.url,
            "CLOUDFLARE_BASE_URL": self.url,
            "CLOUDFLARE_API_TOKEN": account.token,
            "CLOUDFLARE_ACCOUNT_ID": account.id,
            "CLOUDFLARE_CONTAINER_REGISTRY": self.registry,
        }


@asynccontextmanager
async def serving(
    cloud: Cloud, listener: socket.socket, on_answer: OnAnswer | None = None, on_call: OnCall | None = None
) -> AsyncIterator[Running]:
    """Answer calls to `cloud` on a bound socket; at the end calls under way are answered first. `on_answer`
    is told of the requests to Workers, `on_call` of the calls of the API."""
    await cloud.start()
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)
    config = uvicorn.Config(
        Doors(Failing(api(cloud), cloud.faults), cloud, on_answer, on_call),
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        ws=LenientSocket,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=STOP_WAIT_S,
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listener])
    loop = spawn(server.main_loop(), name="cloud.serve")
    try:
        yield Running(cloud, url_of(listener, "http"))
    finally:
        server.should_exit = True
        await loop
        await server.shutdown(sockets=[listener])
