"""A terminal in the browser: a WebSocket to a pseudo-terminal in the sandbox (spec section 5.9)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from js import Request as JsRequest
from workers import Request

from sandbox.client.security import CONTROL_PORT
from sandbox.container.helpers import switch_port
from sandbox.container.values import options_of
from sandbox.errors import SandboxError


async def proxy_terminal(
    stub: Any, session_id: str, request: Any, options: Any = None, **keywords: Any
) -> Any:
    """Answer a WebSocket upgrade with the terminal of a session.

    `stub` is a sandbox or its object's stub. Options: `cols` (80), `rows` (24), `shell` ("bash"); the first
    socket of a session decides. Binary frames are what is typed and shown; text frames are JSON
    (`{"type": "resize", "cols": …, "rows": …}` to the terminal; `ready`, `exit`, `error` from it). Raises
    SandboxError for any other request.
    """
    if not session_id or not isinstance(session_id, str):
        raise SandboxError("sessionId is required for terminal access")
    original = getattr(request, "js_object", request)
    if (original.headers.get("Upgrade") or "").lower() != "websocket":
        raise SandboxError("terminal() requires a WebSocket upgrade request")
    chosen = options_of(options, keywords, ("cols", "rows", "shell"))
    query = urlencode({"sessionId": session_id, **{name: value for name, value in chosen.items() if value}})
    upgrade = Request(JsRequest.new(f"http://localhost/ws/pty?{query}", original))
    return await stub.fetch(switch_port(upgrade, CONTROL_PORT))
