"""Opening and closing tails, and the WebSocket on which they are told.

Source: spec wrangler.md section 7.6, step 6.
"""

from __future__ import annotations

import json

from starlette.responses import Response
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from edge.kernel.tasks import spawn
from wrangler_compat.cloud.call import Call, account_route
from wrangler_compat.cloud.cloud import Cloud
from wrangler_compat.cloud.envelope import Refusal, answer
from wrangler_compat.cloud.identity import timestamp
from wrangler_compat.cloud.tails.filters import check_filters
from wrangler_compat.cloud.tails.masking import TAILS
from wrangler_compat.cloud.tails.tails import Tail
from wrangler_compat.cloud.workers.script_routes import SCRIPT, script_of

PROTOCOL = "trace-v1"
_TAILS = SCRIPT + "/tails"
_SOCKET = TAILS + "{tail_id}"


def routes(cloud: Cloud) -> list[BaseRoute]:
    """The routes of this file. Whoever has the URL of a tail needs no other token."""

    async def told(socket: WebSocket) -> None:
        await _tell(cloud, socket)

    return [
        account_route(cloud, "POST", _TAILS, _open),
        account_route(cloud, "GET", _TAILS, _list),
        account_route(cloud, "DELETE", _TAILS + "/{tail_id}", _close),
        WebSocketRoute(_SOCKET, told),
    ]


async def _open(call: Call) -> Response:
    script = script_of(call)
    body = await call.json() if await call.request.body() else {}
    tail = call.cloud.tails.open(call.account.id, script.name, check_filters(body))
    return answer(_shown(call, tail))


async def _list(call: Call) -> Response:
    tails = call.cloud.tails.of(call.account.id, script_of(call).name)
    return answer([_shown(call, tail) for tail in tails])


async def _close(call: Call) -> Response:
    tail = call.cloud.tails.find(call.part("tail_id"))
    if tail is None or tail.account_id != call.account.id:
        raise Refusal(404, 10012, "There is no such tail")
    call.cloud.tails.close(tail)
    return answer(None)


def _shown(call: Call, tail: Tail) -> dict[str, str]:
    base = call.request.base_url
    url = base.replace(scheme="wss" if base.scheme == "https" else "ws", path=_SOCKET.format(tail_id=tail.id))
    return {"id": tail.id, "url": str(url), "expires_at": timestamp(tail.expires_ms)}


async def _tell(cloud: Cloud, socket: WebSocket) -> None:
    """Tell of events until the tail is closed or the client goes away."""
    tail = cloud.tails.find(socket.path_params["tail_id"])
    if tail is None or PROTOCOL not in socket.scope["subprotocols"]:
        await socket.close()
        return
    await socket.accept(PROTOCOL)
    waiting = spawn(_wait_for_end(cloud, tail, socket), name="tail.client")
    try:
        while (event := await tail.events.get()) is not None:
            await socket.send_text(json.dumps(event))
    except WebSocketDisconnect:
        cloud.tails.close(tail)
    if not waiting.done():
        waiting.cancel()
        await socket.close()


async def _wait_for_end(cloud: Cloud, tail: Tail, socket: WebSocket) -> None:
    """Nothing that a client says matters but that it leaves: then its tail is over."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        continue
    cloud.tails.close(tail)
