"""Requests to preview URLs: `https://<port>-<id>-<token>.<hostname>/` (spec section 5.4)."""

from __future__ import annotations

import re
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from js import Headers, console
from js import Request as JsRequest
from workers import Request, Response

from sandbox.client.get_sandbox import get_sandbox
from sandbox.client.security import checked_id, is_valid_port
from sandbox.errors import SandboxSecurityError

#: By these headers the Worker tells the object which port is meant; what a visitor sends of them is dropped.
PREVIEW_HEADER = "x-sandbox-preview-proxy"
PORT_HEADER = "x-sandbox-preview-port"
TOKEN_HEADER = "x-sandbox-preview-token"
ID_HEADER = "x-sandbox-preview-sandbox-id"
PREVIEW_HEADERS = (PREVIEW_HEADER, PORT_HEADER, TOKEN_HEADER, ID_HEADER)
_LABEL = re.compile(r"(\d{4,5})-(.+)-([a-z0-9_]{1,63})", re.ASCII)


class Route(NamedTuple):
    """What a preview host says."""

    port: int
    sandbox_id: str
    token: str


def route_of(url: str) -> Route | None:
    """The parts of a preview URL; None for any other."""
    label, dot, _ = (urlsplit(url).hostname or "").partition(".")
    found = _LABEL.fullmatch(label) if dot else None
    if found is None or not is_valid_port(int(found[1])):
        return None
    try:
        return Route(int(found[1]), checked_id(found[2]), found[3])
    except SandboxSecurityError:
        return None


async def proxy_to_sandbox(request: Any, env: Any) -> Any:
    """Answer a request to a preview URL; None when it is none, and yours to answer.

    The binding of the namespace must be called `Sandbox`. A wrong token, or a port that is not exposed, gets
    404; an URL from before the container's last start 410. No request starts a container.
    """
    try:
        original = getattr(request, "js_object", request)
        route = route_of(original.url)
        if route is None:
            return None
        sandbox = get_sandbox(env.Sandbox, route.sandbox_id, normalize_id=True)
        headers = Headers.new(original.headers)
        for name in PREVIEW_HEADERS:
            headers.delete(name)
        headers.set(PREVIEW_HEADER, "1")
        headers.set(PORT_HEADER, str(route.port))
        headers.set(TOKEN_HEADER, route.token)
        headers.set(ID_HEADER, route.sandbox_id)
        return await sandbox.fetch(Request(JsRequest.new(original, headers=headers)))
    except Exception as failure:
        console.error("Proxy routing error", repr(failure))
        return Response("Proxy routing error", status=500)
