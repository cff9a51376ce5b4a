"""The API as an ASGI application."""

from __future__ import annotations

import logging
import sqlite3

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount

from edge.kv.errors import KvStorageError
from wrangler_compat.cloud import (
    d1_databases,
    d1_queries,
    d1_transfer,
    identity,
    kv_bulk,
    kv_namespaces,
    kv_values,
    r2_buckets,
    r2_objects,
)
from wrangler_compat.cloud.call import BASE_PATH
from wrangler_compat.cloud.cloud import Cloud
from wrangler_compat.cloud.containers import routes as container_routes
from wrangler_compat.cloud.envelope import Refusal, refused
from wrangler_compat.cloud.queues import routes as queue_routes
from wrangler_compat.cloud.registry.routes import registry
from wrangler_compat.cloud.tails import routes as tail_routes
from wrangler_compat.cloud.workers import (
    asset_routes,
    script_routes,
    secret_routes,
    setting_routes,
    version_routes,
)

_log = logging.getLogger("edge.cloud")
_CONCEPTS = (
    identity,
    kv_namespaces,
    kv_values,
    kv_bulk,
    r2_buckets,
    r2_objects,
    d1_databases,
    d1_queries,
    d1_transfer,
    script_routes,
    version_routes,
    secret_routes,
    setting_routes,
    asset_routes,
    tail_routes,
    container_routes,
    queue_routes,
)


def api(cloud: Cloud) -> Starlette:
    """The API of `cloud`."""
    routes: list[BaseRoute] = [route for concept in _CONCEPTS for route in concept.routes(cloud)]
    return Starlette(
        routes=[*routes, Mount("/v2", registry(cloud))],
        exception_handlers={
            Refusal: _refused,
            HTTPException: _unroutable,
            ClientDisconnect: _cut_off,
            KvStorageError: _failed,
            sqlite3.Error: _failed,
            Exception: _broken,
        },
    )


async def _refused(request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)
    return refused(refusal)


async def _unroutable(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        return refused(Refusal(405, 10405, "Method not allowed for this path", headers=error.headers))
    path = request.url.path.removeprefix(BASE_PATH)
    deeper = [(7000, "No route for that URI")]
    text = f"Could not route to {path}, perhaps your object identifier is invalid?"
    return refused(Refusal(404, 7003, text, chain=deeper))


async def _cut_off(request: Request, error: Exception) -> Response:
    """Nobody reads this: the client went away before its request was whole, so nothing was done."""
    _log.warning("%s %s was cut off: nothing was changed", request.method, request.url.path)
    return refused(Refusal(400, 10012, "the body of the request was cut off"))


async def _broken(request: Request, error: Exception) -> Response:
    """Not the client's doing: it comes again, as it does on Cloudflare."""
    _log.error("%s %s failed: please report it", request.method, request.url.path, exc_info=error)
    return refused(Refusal(500, 10013, "An unknown error has occurred."))


async def _failed(request: Request, error: Exception) -> Response:
    """The disk is full, say."""
    _log.error("%s %s: %s", request.method, request.url.path, error)
    return refused(Refusal(500, 10001, str(error)))
