"""Running the front door under hypercorn: HTTP/2, HTTP/3 and TLS, as the real edge speaks them."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import socket
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from hypercorn.asyncio import serve
from hypercorn.config import Config

from edge.errors import UserError
from edge.server.app import FrontDoor
from edge.server.certificate import self_signed

_REQUEST_LIMIT = 1_000_000_000  # hypercorn would end connections after so many requests


class HypercornServer:
    """A server on a bound socket; with `tls`, HTTP/2 and (where aioquic is installed) HTTP/3."""

    def __init__(
        self,
        door: FrontDoor,
        listener: socket.socket,
        *,
        grace_s: float,
        tls: bool = False,
        certificate: Path | None = None,
        key: Path | None = None,
    ) -> None:
        self._door = door
        self._listener = listener
        self._stopped = asyncio.Event()
        self._files = TemporaryDirectory(prefix="edge-tls-") if tls and certificate is None else None
        self._config = config = Config()
        config.bind = [f"fd://{listener.dup().detach()}"]  # hypercorn closes what it is given
        config.graceful_timeout = grace_s
        config.include_server_header = False
        config.accesslog = None
        config.errorlog = logging.getLogger("edge.server.hypercorn")
        config.errorlog.setLevel(logging.CRITICAL)  # the front door reports in its own words
        config.keep_alive_max_requests = _REQUEST_LIMIT
        config.websocket_max_message_size = 32 * 1024 * 1024
        if tls:
            self._use_tls(certificate, key)

    def _use_tls(self, certificate: Path | None, key: Path | None) -> None:
        if self._files is not None:
            certificate, key = self_signed(Path(self._files.name), self._door.clock)
        host, port = self._listener.getsockname()[:2]
        self._config.certfile, self._config.keyfile = str(certificate), str(key)
        try:
            self._config.create_ssl_context()  # before anything is served
        except OSError as error:  # ssl.SSLError is one
            raise UserError(
                f"--cert {certificate} and --key {key} cannot be used: {error.strerror}"
            ) from None
        if importlib.util.find_spec("aioquic") is not None:
            self._config.quic_bind = [f"[{host}]:{port}" if ":" in host else f"{host}:{port}"]

    async def serve(self, ready: Callable[[], None]) -> None:
        """Accept connections until `stop`; then answer what is under way, for the grace time."""
        asyncio.get_running_loop().call_soon(ready)  # the socket listens already
        try:
            await serve(cast(Any, self._door), self._config, shutdown_trigger=self._stopped.wait)
        finally:
            self._listener.close()
            if self._files is not None:
                self._files.cleanup()

    def stop(self) -> None:
        self._stopped.set()
