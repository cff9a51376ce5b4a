"""`fetch` of the SDK, over the Worker's outbound fetch or over a binding (spec 2.6).

Failures on the way surface as `AbortError`, an OSError, with the text of the failure; a request that
cannot be made at all (a bad URL, a bad method) raises its JavaScript TypeError as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from edge.http.headers import Headers as JsHeaders
from edge.http.request import Request as JsRequest
from edge.js.errors import JsException
from edge.js.proxy import JsProxy
from wrangler_compat.modules.sdk.fetch_response import AbortError
from wrangler_compat.modules.sdk.request import Request, request_init
from wrangler_compat.modules.sdk.response import Response

FetchFunction = Callable[..., Coroutine[Any, Any, Response]]


def make_fetch(outbound: Callable[..., Any]) -> FetchFunction:
    """The `fetch` of a Worker; `outbound` is its JavaScript fetch function."""

    async def fetch(resource: Any, **other_options: Any) -> Response:
        return await _send(other_options.pop("fetcher", None) or outbound, resource, other_options)

    fetch.__module__ = "workers.fetch"
    fetch.__qualname__ = "fetch"
    return fetch


def fetch_through(binding: Any) -> FetchFunction:
    """`fetch` through a service binding or a Durable Object stub."""
    return make_fetch(binding.fetch)


async def _send(send: Callable[..., Any], resource: Any, options: dict[str, Any]) -> Response:
    source = resource._js_request if isinstance(resource, Request) else resource
    headers = options.get("headers")
    if isinstance(headers, JsProxy):  # whatever JavaScript takes, as the Map that to_js makes of a dict
        options["headers"] = JsHeaders.js_new(headers)
    init = request_init(options)
    if init is not None or not isinstance(source, JsRequest):
        source = JsRequest.js_new(source, init)
    try:
        return Response(await send(source))
    except JsException as error:
        raise AbortError(error) from None
