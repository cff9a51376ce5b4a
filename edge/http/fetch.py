"""The global `fetch`: redirects, abort signals and the output gate above a transport.

Source: spec runtime.md section 4 ("fetch"); Fetch standard, HTTP-redirect fetch.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import ada_url

from edge.errors import UnsupportedError
from edge.http.abort import AbortSignal
from edge.http.headers import Headers
from edge.http.host import Transport, current_host
from edge.http.request import Request
from edge.http.response import REDIRECT_STATUSES, Response
from edge.http.streams.readable import ReadableStream
from edge.http.subrequests import spend
from edge.js.errors import JsException, type_error
from edge.js.promise import JsPromise
from edge.kernel.spans import span
from edge.kernel.tasks import before_output, spawn

REDIRECTS_MAX: Final = 20
_STREAM_REDIRECT: Final = (
    "A request with a one-time-use body (it was initialized from a stream, not a buffer) encountered a "
    "redirect requiring the body to be retransmitted. To avoid this error in the future, construct this "
    "request from a buffer-like body initializer."
)


def fetch(source: Any = None, init: Any = None, *_: Any) -> JsPromise:
    """`fetch(input, init)` through the transport of the running world."""
    try:
        request = Request.js_new(source, init)
    except JsException as refusal:
        return JsPromise.rejected(refusal)
    transport = current_host.get().outbound
    if transport is None:
        raise UnsupportedError(f"this world has no way out: fetch({request.url})")
    task = spawn(send(request, transport), name=f"fetch {request.url}")
    return JsPromise.of(
        task if request._signal is None else spawn(abortable(task, request._signal), name="fetch")
    )


async def send(request: Request, transport: Transport) -> Response:
    """Send a request, following redirects when it says so.

    Raises TypeError for a scheme that is not HTTP and after 20 redirects, `Network connection lost.`
    (retryable) when there is no answer, Error when it is one subrequest too many.
    """
    if not request.url.startswith(("http:", "https:")):
        raise type_error(f"Fetch API cannot load: {request.url}")
    await before_output()
    with span("fetch", method=request.method, url=request.url) as traced:
        response = await _follow(request, transport)
        traced.tag(status=response.status)
        return response


async def _follow(request: Request, transport: Transport) -> Response:
    for hop in range(REDIRECTS_MAX + 1):
        spend()
        payload = request._payload
        response = await transport.send(request)
        response.url = request.url.partition("#")[0]
        response.redirected = hop > 0
        location = response.headers.get_str("location")
        if request.redirect != "follow" or response.status not in REDIRECT_STATUSES or location is None:
            return response
        if isinstance(response._payload, ReadableStream):
            await response._payload._cancel(None)
        request = _redirected(request, response.status, location, payload)
    raise type_error("Too many redirects.")


def _redirected(request: Request, status: int, location: str, payload: Any) -> Request:
    try:
        url = ada_url.URL(location, request.url)
    except ValueError:
        raise type_error(f"Invalid URL: {location}") from None
    headers = Headers(request.headers.raw_items())
    method = request.method
    if (status in (301, 302) and method == "POST") or (status == 303 and method not in ("GET", "HEAD")):
        method, payload = "GET", None
        for name in (
            "content-type",
            "content-length",
            "content-encoding",
            "content-language",
            "content-location",
        ):
            headers.remove(name)
    elif isinstance(payload, ReadableStream):
        raise type_error(_STREAM_REDIRECT)
    if url.origin != ada_url.URL(request.url).origin:
        headers.remove("authorization")
    return Request.make(url.href, method=method, headers=headers, payload=payload)


async def abortable(task: asyncio.Task[Response], signal: AbortSignal) -> Response:
    """The outcome of `task`, which the signal cancels."""

    def cancel(_event: Any) -> None:
        task.cancel()

    if signal.aborted:
        task.cancel()
    signal._listen("abort", cancel)
    try:
        return await task
    except asyncio.CancelledError:
        task.cancel()
        signal.throwIfAborted()
        raise
    finally:
        signal.removeEventListener("abort", cancel)
