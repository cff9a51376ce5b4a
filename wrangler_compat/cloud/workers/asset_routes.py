"""Uploading static assets.

Source: spec wrangler.md section 7.6, step 2.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from edge.http.blob import File
from wrangler_compat.cloud.call import Call, account_route, form_of, open_route
from wrangler_compat.cloud.cloud import Cloud
from wrangler_compat.cloud.envelope import Refusal, answer
from wrangler_compat.cloud.workers.asset_store import Asset, check_manifest
from wrangler_compat.cloud.workers.script_routes import SCRIPT

_NO_TYPE = "application/null"


def routes(cloud: Cloud) -> list[Route]:
    """The routes of this file."""
    return [
        account_route(cloud, "POST", SCRIPT + "/assets-upload-session", _begin),
        # Its token is that of the session, not of the account.
        open_route("POST", "/workers/assets/upload", _receiver(cloud)),
    ]


async def _begin(call: Call) -> Response:
    manifest = check_manifest((await call.json_object()).get("manifest"))
    return answer(call.cloud.workers.assets.begin(call.account.id, call.part("script"), manifest))


def _receiver(cloud: Cloud) -> Callable[[Request], Awaitable[Response]]:
    async def receive(request: Request) -> Response:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        as_base64 = request.query_params.get("base64") == "true"
        files = {name: _asset(part, as_base64) for name, part in await form_of(request)}
        done = cloud.workers.assets.receive(token, files)
        return answer({} if done is None else {"jwt": done})

    return receive


def _asset(part: str | File, as_base64: bool) -> Asset:
    data = part.encode() if isinstance(part, str) else part.data
    kind = None if isinstance(part, str) or part.type in ("", _NO_TYPE) else part.type
    if not as_base64:
        return Asset(data, kind)
    try:
        return Asset(base64.b64decode(data, validate=True), kind)
    except binascii.Error:
        raise Refusal(400, 10021, "an asset is not valid base64") from None
