"""Requests to preview URLs at the object: they never start a container (spec section 5.4)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from js import Headers
from js import Request as JsRequest
from workers import Response

from sandbox.client.preview import ID_HEADER, PORT_HEADER, PREVIEW_HEADER, PREVIEW_HEADERS, TOKEN_HEADER
from sandbox.client.security import is_valid_port
from sandbox.container.proxying import proxy

if TYPE_CHECKING:
    from sandbox.durable.sandbox import Sandbox

_DENIED = {"error": "Access denied: Invalid token or port not exposed", "code": "INVALID_TOKEN"}
_STALE = {
    "error": "Preview URL is stale because the sandbox runtime is not active",
    "code": "STALE_PREVIEW_URL",
}


def is_preview(request: Any) -> bool:
    """Whether `proxy_to_sandbox` sent it."""
    return bool(request.headers.get(PREVIEW_HEADER) == "1")


async def answer_preview(owner: Sandbox, request: Any) -> Any:
    """The answer of the program at the port; 404 for a wrong token, 410 for an URL of an earlier run."""
    given = request.js_object.headers
    port_text, token, sandbox_id = (given.get(name) or "" for name in (PORT_HEADER, TOKEN_HEADER, ID_HEADER))
    port = int(port_text) if re.fullmatch(r"\d{1,5}", port_text, re.ASCII) else 0
    if not is_valid_port(port) or not token or not sandbox_id:
        return _json(_DENIED, 404)
    if not await owner.port_book.matches(port, token):
        return _json(_DENIED, 404)
    run = await owner.runtime.active()
    if not await owner.port_book.is_active(port, run):
        return _json(_STALE, 410)
    forwarded = _forwarded(request.js_object, port, owner.settings.name or sandbox_id)
    response = await proxy(owner.ctx.container.getTcpPort(port), forwarded, owner._core.activity)
    if response.status == 500 and await owner.runtime.active() != run:
        return _json(_STALE, 410)  # it ended meanwhile
    return response


def _forwarded(original: Any, port: int, name: str) -> Any:
    parts = urlsplit(original.url)
    headers = Headers.new(original.headers)
    for header in PREVIEW_HEADERS:
        headers.delete(header)
    headers.set("X-Original-URL", original.url)
    headers.set("X-Forwarded-Host", parts.hostname or "")
    headers.set("X-Forwarded-Proto", parts.scheme)
    headers.set("X-Sandbox-Name", name)
    query = f"?{parts.query}" if parts.query else ""
    moved = JsRequest.new(f"http://localhost:{port}{parts.path}{query}", original)
    return JsRequest.new(moved, headers=headers, redirect="manual")


def _json(body: dict[str, str], status: int) -> Any:
    return Response(json.dumps(body), status=status, headers={"Content-Type": "application/json"})
