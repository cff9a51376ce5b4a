"""The front door: an ASGI application that turns requests from outside into Requests and Responses back.

Sources: spec runtime.md sections 3, 4, 5 and 10.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from edge.http.request import Request
from edge.http.response import Response
from edge.js.errors import JsException
from edge.kernel.clock import Clock
from edge.network.errors import UnknownPlace
from edge.server.asgi import Receive, Scope, Send
from edge.server.disconnect import Ageing, Watch
from edge.server.incoming import IncomingBody, InvalidTarget, read_body, read_head
from edge.server.outgoing import AsgiExchange, Exchange, plain, send_response

if TYPE_CHECKING:
    from starlette.routing import Route

_log = logging.getLogger("edge.server")


class ScheduledOutcome(Protocol):
    """How a cron event ended."""

    @property
    def outcome(self) -> str: ...
    @property
    def no_retry(self) -> bool: ...
    @property
    def error(self) -> BaseException | None: ...


class Backend(Protocol):
    """What answers: a World."""

    async def dispatch(
        self, request: Request, *, worker: str | None = None, place: str | None = None
    ) -> Response: ...

    async def scheduled(
        self, cron: str, time_ms: float, *, worker: str | None = None
    ) -> ScheduledOutcome: ...


#: Where a request enters the network: a place by its code or city.
PLACE_HEADER = "x-edge-place"

#: Told of each answer: the request, the response, and how many seconds it took.
OnAnswer = Callable[[Request, Response, float], None]


#: Where the inspector's pages are.
INSPECTOR_PATH = "/cdn-cgi/edge"

#: Makes the routes of the inspector (`edge.server.inspector`).
Pages = Callable[[], "list[Route]"]


class FrontDoor:
    """ASGI in, Worker out."""

    def __init__(
        self,
        backend: Backend,
        clock: Clock,
        *,
        on_answer: OnAnswer | None = None,
        place: str | None = None,
        pages: Pages | None = None,
    ) -> None:
        """`place` is where requests enter that do not say so themselves (`X-Edge-Place`). `pages` gives the
        inspector's routes when they are first asked for."""
        self.backend = backend
        self._place = place
        self.clock = clock
        self._on_answer = on_answer
        self._pages = pages
        self._control: Any = None
        self._ageing = Ageing()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "http":
            await self._http(scope, receive, scope.get("edge.exchange") or AsgiExchange(send), send)
        elif kind == "websocket":
            from edge.server.socket_asgi import serve_socket

            await serve_socket(self, scope, receive, send)
        elif kind == "lifespan":
            await _lifespan(receive, send)
        else:
            raise ValueError(f"unknown ASGI scope: {kind}")

    async def _http(self, scope: Scope, receive: Receive, exchange: Exchange, send: Send) -> None:
        started_s = self.clock.monotonic()
        try:
            body = await read_body(scope, receive)
            request = read_head(scope, body.parts() if isinstance(body, IncomingBody) else body)
        except InvalidTarget:
            await send_response(plain(400, "invalid URI"), scope["method"], exchange)
            return
        if "/cdn-cgi/" in request.url and await self._controlled(request, scope, receive, send):
            return
        watch = Watch(self._ageing, request, receive, body)
        try:
            response = await self.answer(request)
            if response._payload is not None and type(response._payload) is not bytes:
                watch.begin()
            await send_response(response, request.method, exchange)
        except asyncio.CancelledError:
            if not watch.gone:
                raise
            _log.debug("%s %s: the client disconnected", request.method, request.url)
            return
        except Exception as error:
            # Too late for another answer: the server cuts the connection, so that nobody takes the
            # part that was sent for the whole.
            _log.error("%s %s: the body failed: %s", request.method, request.url, error)
            raise
        finally:
            watch.stop()
        self.told(request, response, started_s)

    async def answer(self, request: Request) -> Response:
        """The Worker's response, or the 500 that dev shows for what it raised."""
        try:
            place = request.headers.get_str(PLACE_HEADER) or self._place
            return await self.backend.dispatch(request, place=place)
        except UnknownPlace as mistake:
            return plain(400, mistake.message)
        except JsException as error:
            _log.error("%s", error)
            return plain(500, str(error))
        except Exception as error:
            # Not the Worker's doing: a Worker's exceptions arrive as JsException.
            _log.exception(
                "the emulator failed to answer %s %s: please report it", request.method, request.url
            )
            return plain(500, "".join(traceback.format_exception(error)))

    def told(self, request: Request, response: Response, started_s: float) -> None:
        """Tell the request log."""
        if self._on_answer is not None:
            self._on_answer(request, response, self.clock.monotonic() - started_s)

    async def _controlled(self, request: Request, scope: Scope, receive: Receive, send: Send) -> bool:
        """Let the control routes answer, if it is for them; give old paths their new name if not."""
        from edge.server.control import Control

        if self._control is None:
            self._control = Control(self.backend, self.clock, [] if self._pages is None else self._pages())
        return await self._control.handles(request, scope, receive, send)  # type: ignore[no-any-return]


async def _lifespan(receive: Receive, send: Send) -> None:
    """Servers ask; worlds are started and closed by whoever made them."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
