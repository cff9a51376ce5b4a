"""The ASGI adapter: `asgi.fetch(app, request, env, ctx)` (spec python-workers.md section 5).

Workers see this module as `workers.asgi` and as `asgi`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from edge.http.body import Payload
from edge.http.headers import Headers as JsHeaders
from edge.http.request import Request as JsRequest
from edge.http.response import Response as JsResponse
from edge.http.streams.readable import ReadableStream
from edge.kernel.tasks import spawn
from wrangler_compat.modules.sdk.asgi_body import AppBody, RequestBody
from wrangler_compat.modules.sdk.asgi_lifespan import ASGI, Lifespan
from wrangler_compat.modules.sdk.asgi_websocket import serve_websocket
from wrangler_compat.modules.sdk.background import wait_until
from wrangler_compat.modules.sdk.entrypoints import WorkerEntrypoint
from wrangler_compat.modules.sdk.gateway import NULL_BODY_STATUSES, BaseOptions
from wrangler_compat.modules.sdk.headers import to_js_headers
from wrangler_compat.modules.sdk.request import Request

_log = logging.getLogger("asgi")
_NO_RESPONSE = "The application did not generate a response"


@dataclass(frozen=True, kw_only=True)
class Options(BaseOptions):
    """Options of the ASGI adapter."""

    __module__ = "workers.asgi"


_DEFAULTS = Options()


async def fetch(
    app: Any, req: Any, env: Any, ctx: Any = None, *, options: Options | None = None
) -> JsResponse:
    """Let an ASGI application answer a request, with its lifespan around it.

    The application may go on after the response has begun. What it raises before that is raised here.
    """
    lifespan = Lifespan(app)
    await lifespan.startup()
    exchange = _Exchange(app, req, _scope(req, env, "http", lifespan.state), options or _DEFAULTS)
    try:
        response = await exchange.respond()
    except asyncio.CancelledError:
        # The client has gone: the application is ended, and its lifespan beside this request.
        exchange.task.cancel()
        spawn(_finish(exchange.task, lifespan), name="asgi shutdown")
        raise
    except Exception:
        _log.debug("ASGI request failed", exc_info=True)
        await lifespan.shutdown()
        raise
    if exchange.task.done():
        await lifespan.shutdown()
    else:
        wait_until(_finish(exchange.task, lifespan))
    return response


async def _finish(task: asyncio.Task[None], lifespan: Lifespan) -> None:
    try:
        await task
    finally:
        await lifespan.shutdown()


async def websocket(app: Any, req: Any, env: Any = None) -> JsResponse:
    """Let an ASGI application serve a WebSocket; the answer is the 101 response."""
    return serve_websocket(app, _scope(req, {} if env is None else env, "websocket", None))


def entrypoint(app: Any, *, options: Options | None = None) -> type[WorkerEntrypoint]:
    """The `Default` entrypoint class for an application."""

    class Default(WorkerEntrypoint):
        async def fetch(self, request: Request) -> JsResponse:
            if (request.headers.get("upgrade") or "").lower() == "websocket":
                return await websocket(app, request, self.env)
            return await fetch(app, request, self.env, self.ctx, options=options)

    return Default


class _Exchange:
    """One request with the application that answers it."""

    def __init__(self, app: Any, req: Any, scope: dict[str, Any], options: Options) -> None:
        self._app = app
        self._scope = scope
        self._options = options
        loop = asyncio.get_running_loop()
        self._response: asyncio.Future[JsResponse] = loop.create_future()
        self._finished: asyncio.Future[None] = loop.create_future()
        self._receive = RequestBody(js_request(req), self._finished).receive
        self._status: Any = None
        self._headers: JsHeaders | None = None
        self._stream: AppBody | None = None
        self.task: asyncio.Task[None]

    async def respond(self) -> JsResponse:
        """The response, once it has begun; a response in one piece only when the application is done."""
        self.task = spawn(self._run(), name="asgi application")
        try:
            response = await self._response
        except Exception:
            await self.task
            raise
        if self._stream is None:
            await self.task
        return response

    async def _run(self) -> None:
        try:
            await self._app(self._scope, self._receive, self._send)
            if not self._response.done():
                raise RuntimeError(_NO_RESPONSE)
        except Exception as error:
            if self._response.done():
                # The client has its response already, the error can only be told in the log.
                _log.exception("Exception in ASGI application after response started")
            else:
                self._response.set_exception(error)
        finally:
            self._end()

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = _headers(message.get("headers", ()))
        elif message["type"] == "http.response.body":
            await self._send_body(message.get("body", b""), message.get("more_body", False))

    async def _send_body(self, body: bytes, more: bool) -> None:
        if self._stream is None:
            if not more:
                self._answer(None if self._status in NULL_BODY_STATUSES else bytes(body))
                self._end()
                return
            self._stream = AppBody(self._end)
            self._answer(ReadableStream(self._stream))
        await self._stream.write(bytes(body))
        if not more:
            self._end()

    def _answer(self, payload: Payload) -> None:
        # Headers that were never sent are refused in the words of the real adapter.
        headers = to_js_headers(self._headers)
        response = JsResponse.build(payload, None, (int(self._status), ""), headers)
        response._encoded = self._options.encode_body == "manual"
        if not self._response.cancelled():
            self._response.set_result(response)

    def _end(self) -> None:
        if self._stream is not None:
            self._stream.close()
        if not self._finished.done():
            self._finished.set_result(None)


def js_request(req: Any) -> JsRequest:
    """The JavaScript request of what a handler was given."""
    return req.js_object if isinstance(req, Request) else req


def _headers(pairs: Any) -> JsHeaders:
    return to_js_headers([(name.decode(), value.decode()) for name, value in pairs])


def request_to_scope(req: Any, env: Any, ws: bool = False, state: Any = None) -> dict[str, Any]:
    """The scope an application gets for a request."""
    return _scope(req, env, "websocket" if ws else "http", state)


def _scope(req: Any, env: Any, kind: str, state: dict[str, Any] | None) -> dict[str, Any]:
    request = js_request(req)
    scheme, _, path, query, _ = urlsplit(request.url)
    scope: dict[str, Any] = {
        "asgi": ASGI,
        "headers": [(name.encode(), value.encode()) for name, value in request.headers._pairs()],
        "http_version": "1.1",
        "method": req.method,
        "scheme": scheme,
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "type": kind,
        "env": env,
    }
    if state is not None:
        scope["state"] = dict(state)
    return scope


def _env_dependency() -> Any:
    """A FastAPI dependency that gives the Worker's env."""
    import fastapi

    async def env(request: fastapi.Request) -> Any:
        return request.scope["env"]

    env.__annotations__["request"] = fastapi.Request
    return fastapi.Depends(env)


LAZY: dict[str, Callable[[], Any]] = {"env": _env_dependency}
