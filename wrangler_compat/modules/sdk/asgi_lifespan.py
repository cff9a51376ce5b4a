"""The ASGI lifespan, once for every request, as the platform's adapter does it (spec 5)."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from edge.kernel.tasks import spawn

_log = logging.getLogger("asgi")

ASGI = {"spec_version": "2.0", "version": "3.0"}


class Lifespan:
    """Startup and shutdown around one request. An application without lifespan support is left alone."""

    __slots__ = ("_app", "_phases", "_shut_down", "_started", "_stop", "state")

    def __init__(self, app: Any) -> None:
        self._app = app
        loop = asyncio.get_running_loop()
        #: True after `lifespan.startup.complete`, False when the application has no lifespan.
        self._started: asyncio.Future[bool] = loop.create_future()
        self._stop: asyncio.Future[None] = loop.create_future()
        self._shut_down: asyncio.Future[None] = loop.create_future()
        self._phases = iter(("startup", "shutdown"))
        self.state: dict[str, Any] = {}

    async def startup(self) -> None:
        """Raises RuntimeError when the application says that it cannot start."""
        spawn(self._run(), name="asgi lifespan")
        await self._started

    async def shutdown(self) -> None:
        """Raises RuntimeError when the application says that it failed to stop."""
        if self._started.done() and self._started.exception() is None and self._started.result():
            if not self._stop.done():
                self._stop.set_result(None)
            await self._shut_down

    async def _run(self) -> None:
        try:
            scope = {"asgi": ASGI, "state": self.state, "type": "lifespan"}
            await self._app(scope, self._receive, self._send)
        except Exception:
            if self._started.done():
                _log.exception("Exception in ASGI lifespan application")
            else:
                # The protocol's way of saying "no lifespan here", and also a crash at startup looks so.
                _log.debug("the ASGI application raised at lifespan startup", exc_info=True)
        finally:
            _settle(self._started, False)
            _settle(self._shut_down, None)

    async def _receive(self) -> dict[str, Any]:
        phase = next(self._phases, None)
        if phase == "startup":
            return {"type": "lifespan.startup"}
        await self._stop
        if phase is None:
            raise asyncio.CancelledError  # nothing more comes: the application is not left waiting
        return {"type": "lifespan.shutdown"}

    async def _send(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "lifespan.startup.complete":
                _settle(self._started, True)
            case "lifespan.startup.failed":
                _fail(self._started, message.get("message") or "ASGI lifespan startup failed")
            case "lifespan.shutdown.complete":
                _settle(self._shut_down, None)
            case "lifespan.shutdown.failed":
                _fail(self._shut_down, message.get("message") or "ASGI lifespan shutdown failed")
            case unknown:
                raise RuntimeError(f"Unexpected lifespan event {unknown}")


def _settle(future: asyncio.Future[Any], value: Any) -> None:
    if not future.done():
        future.set_result(value)


def _fail(future: asyncio.Future[Any], message: str) -> None:
    if not future.done():
        future.set_exception(RuntimeError(message))
