"""Control routes under /cdn-cgi/, built when first asked for. All others there are the Worker's.

Sources: spec runtime.md section 10 and its corrections, and the recorded answers of the real runtime.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from starlette.applications import Starlette
from starlette.requests import Request as ControlRequest
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from edge.http.request import Request
from edge.js.webidl import to_number
from edge.kernel.clock import Clock
from edge.server.app import INSPECTOR_PATH
from edge.server.asgi import Receive, Scope, Send

if TYPE_CHECKING:
    from edge.server.app import Backend

_log = logging.getLogger("edge.server")

#: Old names that still work, by rewriting.
_REWRITES = {"/cdn-cgi/handler/": "/cdn-cgi/local/", "/cdn-cgi/mf/scheduled": "/cdn-cgi/local/scheduled"}
_SCHEDULED = "/cdn-cgi/local/scheduled"
_BAD_DATE = "TypeError: The value cannot be converted because it is not a valid Date."
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_DATE_LIMIT_MS = 8.64e15  # beyond, JavaScript has no Date


class Control:
    """The routes, and the rewriting in front of them."""

    def __init__(self, backend: Backend, clock: Clock, pages: Sequence[Route] = ()) -> None:
        """`pages` are the inspector's routes, none when it is off."""
        self._backend = backend
        self._clock = clock
        self._has_pages = bool(pages)
        self._app = Starlette(routes=[Route(_SCHEDULED, self._scheduled, methods=_METHODS), *pages])

    async def handles(self, request: Request, scope: Scope, receive: Receive, send: Send) -> bool:
        """Answer `request` if its path is a control route; else rewrite its URL and leave it alone."""
        parts = urlsplit(request.url)
        path = parts.path
        for old, new in _REWRITES.items():
            if path.startswith(old) if old.endswith("/") else path == old:
                path = new + path[len(old) :]
                request._url = parts._replace(path=path).geturl()
                break
        if path != _SCHEDULED and not (self._has_pages and _is_page(path)):
            return False
        # Pages from elsewhere must not reach the routes of a server on this machine.
        for name, text in (("host", parts.netloc), ("origin", request.headers.get_str("origin"))):
            if text is not None and not _is_local(text):
                refusal = _text(f"Invalid {name.title()} header", 403)
                await refusal({**scope, "type": "http"}, receive, send)
                return True
        await self._app({**scope, "path": unquote(path), "raw_path": path.encode()}, receive, send)
        return True

    async def _scheduled(self, request: ControlRequest) -> Response:
        time_ms = self._time(request.query_params.get("time"))
        if time_ms is None:
            return _text(_BAD_DATE, 500)
        result = await self._backend.scheduled(request.query_params.get("cron", ""), time_ms)
        status = 200 if result.outcome == "ok" else 500
        if result.error is not None:
            _log.error("%s", result.error)
        if request.query_params.get("format") == "json":
            return JSONResponse({"outcome": result.outcome, "noRetry": result.no_retry}, status)
        return _text(result.outcome, status)

    def _time(self, text: str | None) -> float | int | None:
        if not text:
            return self._clock.now_ms()
        number: Any = to_number(text)
        if math.isnan(number) or abs(number) > _DATE_LIMIT_MS:
            return None
        return int(number)


def _is_page(path: str) -> bool:
    return path == INSPECTOR_PATH or path.startswith(f"{INSPECTOR_PATH}/")


def _is_local(authority_or_origin: str) -> bool:
    host = urlsplit(f"//{authority_or_origin.rpartition('//')[2]}").hostname or ""
    return host in ("localhost", "127.0.0.1", "::1") or host.endswith(".localhost")


def _text(text: str, status: int) -> Response:
    return PlainTextResponse(text, status, headers={"content-type": "text/plain;charset=UTF-8"})
