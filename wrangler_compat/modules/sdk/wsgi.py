"""The WSGI adapter: `wsgi.fetch(app, request, env)` (spec python-workers.md section 6).

The request body is read before the application runs: on the platform it is read while the application
blocks, which takes stack switching. The response body is pulled from the application as it is sent.
"""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import unquote, urlsplit

from edge.http.headers import Headers as JsHeaders
from edge.http.request import Request as JsRequest
from edge.http.response import Response as JsResponse
from edge.http.streams.readable import ReadableStream
from edge.js.objects import JsObject
from wrangler_compat.modules.sdk.entrypoints import WorkerEntrypoint
from wrangler_compat.modules.sdk.gateway import NULL_BODY_STATUSES, BaseOptions
from wrangler_compat.modules.sdk.request import Request

_log = logging.getLogger("wsgi")
ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


@dataclass(frozen=True, kw_only=True)
class Options(BaseOptions):
    """Options of the WSGI adapter."""

    __module__ = "workers.wsgi"


_DEFAULTS = Options()


async def fetch(
    app: Any, req: Any, env: Any, ctx: Any = None, *, options: Options | None = None
) -> JsResponse:
    """Let a WSGI application answer a request. What it raises before its first chunk is raised here."""
    request: JsRequest = req.js_object if isinstance(req, Request) else req
    body = io.BytesIO(await request.read_bytes())
    try:
        return _Exchange(app, _environ(request, env, body)).respond(options or _DEFAULTS)
    except Exception:
        _log.debug("WSGI request failed", exc_info=True)
        raise


def entrypoint(app: Any, *, options: Options | None = None) -> type[WorkerEntrypoint]:
    """The `Default` entrypoint class for an application."""

    class Default(WorkerEntrypoint):
        async def fetch(self, request: Request) -> JsResponse:
            return await fetch(app, request, self.env, options=options)

    return Default


class _Exchange:
    """One request with the application that answers it."""

    def __init__(self, app: Any, environ: dict[str, Any]) -> None:
        self._app = app
        self._environ = environ
        self._status: str | None = None
        self._headers: list[tuple[str, str]] = []
        self._written: list[bytes] = []

    def respond(self, options: Options) -> JsResponse:
        result: Iterable[bytes] = self._app(self._environ, self._start_response)
        chunks = iter(result)
        close = getattr(result, "close", None)
        try:
            # The application may call start_response as late as with its first chunk.
            first = next((chunk for chunk in chunks if chunk), b"")
            if self._status is None:
                raise RuntimeError("The WSGI application did not call start_response()")
            return self._response(_body([*self._written, first], chunks, close), options, close)
        except Exception:
            if close is not None:
                close()
            raise

    def _response(
        self, body: AsyncIterator[bytes], options: Options, close: Callable[[], object] | None
    ) -> JsResponse:
        assert self._status is not None
        code, _, reason = self._status.partition(" ")
        headers = JsHeaders()
        for name, value in self._headers:
            headers.append(name, value)
        init: dict[str, Any] = {"status": int(code), "headers": headers, **options.response_init()}
        if reason:
            init["statusText"] = reason
        if int(code) not in NULL_BODY_STATUSES:
            return JsResponse.js_new(ReadableStream.from_chunks(body), JsObject(init))
        response = JsResponse.js_new(None, JsObject(init))
        if close is not None:
            close()
        return response

    def _start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo | None = None
    ) -> Callable[[bytes], None]:
        if self._status is not None:
            if exc_info is None:
                raise AssertionError("start_response() called more than once")
            raise exc_info[1].with_traceback(exc_info[2])
        self._status = status
        self._headers = headers
        return self._write

    def _write(self, chunk: bytes) -> None:
        if self._status is None:
            raise AssertionError("write() called before start_response()")
        if chunk:
            self._written.append(chunk)


async def _body(
    ready: list[bytes], rest: Iterator[bytes], close: Callable[[], object] | None
) -> AsyncIterator[bytes]:
    """The chunks as they are asked for; the application's `close()` runs once, however this ends."""
    try:
        for chunk in ready:
            if chunk:
                yield chunk
        for chunk in rest:
            if chunk:
                yield chunk
    finally:
        if close is not None:
            close()


def _environ(request: JsRequest, env: Any, body: io.BytesIO) -> dict[str, Any]:
    url = urlsplit(request.url)
    length = len(body.getvalue())
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(url.path or "/").encode().decode("latin-1"),
        "QUERY_STRING": url.query,
        "SERVER_NAME": url.hostname,
        "SERVER_PORT": str(url.port or (443 if url.scheme == "https" else 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "workers.env": env,
    }
    if length:
        environ["CONTENT_LENGTH"] = str(length)
    for name, value in request.headers._pairs():
        key = name.upper().replace("-", "_")
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
    return environ
