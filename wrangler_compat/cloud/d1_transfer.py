"""Importing SQL into a D1 database, and exporting one: files go through URLs of their own.

Source: spec wrangler.md section 7.3; Cloudflare: "D1 import and export".
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from edge.d1.dump import CannotDump
from edge.d1.store import QueryFailed, Store
from wrangler_compat.cloud.call import Call, account_route
from wrangler_compat.cloud.cloud import Cloud
from wrangler_compat.cloud.d1_databases import DATABASE, database_of
from wrangler_compat.cloud.d1_queries import meta_shown, queries_of, ran
from wrangler_compat.cloud.envelope import Refusal, answer

_PATH = "/transfers/{token}"


def routes(cloud: Cloud) -> list[Route]:
    """The routes of this file. Whoever has the URL of a file needs no other token."""
    return [
        account_route(cloud, "POST", DATABASE + "/import", _import),
        account_route(cloud, "POST", DATABASE + "/export", _export),
        Route(_PATH, _receiver(cloud), methods=["PUT"]),
        Route(_PATH, _sender(cloud), methods=["GET"]),
    ]


async def _import(call: Call) -> Response:
    row, store = database_of(call)
    body = await call.json_object()
    action = body.get("action")
    if action == "init":
        name = f"{row['id']}.{body.get('etag')}.sql"
        url = _url(call, call.cloud.transfers.begin(name))
        return answer({"success": True, "type": "import", "filename": name, "upload_url": url})
    if action == "ingest":
        return answer(await _ingested(call, store, str(body.get("filename"))))
    raise Refusal(400, 7400, "action must be 'init' or 'ingest': an import is done when 'ingest' answers")


async def _ingested(call: Call, store: Store, name: str) -> dict[str, Any]:
    data = call.cloud.transfers.take(name)
    if data is None:
        raise Refusal(400, 7400, f"the file {name} was not uploaded")
    common = {"success": True, "type": "import", "at_bookmark": store.bookmark, "messages": []}
    try:
        answers = await ran(store, queries_of(data.decode("utf-8", "replace")))
    except Refusal as refused:
        return {**common, "status": "error", "error": refused.message, "errors": [refused.message]}
    result = {
        "num_queries": len(answers),
        "final_bookmark": store.bookmark,
        "meta": meta_shown(answers),
    }
    return {**common, "status": "complete", "at_bookmark": store.bookmark, "result": result}


async def _export(call: Call) -> Response:
    row, store = database_of(call)
    wanted = (await call.json_object()).get("dump_options") or {}
    tables = frozenset(wanted.get("tables") or ())
    try:
        text = await store.dump(
            tables=tables, schema=not wanted.get("no_schema"), data=not wanted.get("no_data")
        )
    except (CannotDump, QueryFailed) as failure:
        raise Refusal(400, 7500, str(failure)) from None
    name = f"{row['id']}.sql"
    url = _url(call, call.cloud.transfers.begin(name, text.encode()))
    return answer(
        {
            "success": True,
            "type": "export",
            "status": "complete",
            "at_bookmark": store.bookmark,
            "messages": [],
            "result": {"filename": name, "signed_url": url},
        }
    )


def _url(call: Call, token: str) -> str:
    return f"{call.request.base_url}{_PATH.format(token=token).removeprefix('/')}"


Handler = Callable[[Request], Awaitable[Response]]


def _receiver(cloud: Cloud) -> Handler:
    async def receive(request: Request) -> Response:
        data = await request.body()
        file = cloud.transfers.find(request.path_params["token"])
        if file is None:
            return Response("this URL is not valid, or not any more", 403)
        file.data = data
        etag = hashlib.md5(data, usedforsecurity=False).hexdigest()
        return Response(headers={"etag": f'"{etag}"'})

    return receive


def _sender(cloud: Cloud) -> Handler:
    async def send(request: Request) -> Response:
        file = cloud.transfers.find(request.path_params["token"])
        if file is None or file.data is None:
            return Response("this URL is not valid, or not any more", 403)
        return Response(file.data, media_type="application/sql")

    return send
