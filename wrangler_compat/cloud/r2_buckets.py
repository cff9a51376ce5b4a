"""R2 buckets: made, listed, changed and removed.

Source: spec wrangler.md section 7.4; the codes are those of R2 itself.
"""

from __future__ import annotations

import re
import sqlite3
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from edge.r2.bucket import Bucket
from edge.r2.logic.listing import ListOptions
from wrangler_compat.cloud.call import Call, account_route
from wrangler_compat.cloud.cloud import Cloud
from wrangler_compat.cloud.envelope import Refusal, answer
from wrangler_compat.cloud.identity import timestamp

R2 = "/r2/buckets"
BUCKET = R2 + "/{bucket}"
_NAME = re.compile("[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_STORAGE_CLASSES = ("Standard", "InfrequentAccess")


def routes(cloud: Cloud) -> list[Route]:
    """The routes of this file."""
    return [
        account_route(cloud, "GET", R2, _list),
        account_route(cloud, "POST", R2, _create),
        account_route(cloud, "GET", BUCKET, _get),
        account_route(cloud, "PATCH", BUCKET, _change),
        account_route(cloud, "DELETE", BUCKET, _remove),
    ]


def bucket_of(call: Call) -> Bucket:
    """The objects of the bucket in the path. Raises `Refusal` when there is none."""
    return call.cloud.products(call.account).bucket(_found(call)["name"])


def _found(call: Call) -> sqlite3.Row:
    sql = "SELECT * FROM r2_buckets WHERE account = ? AND name = ?"
    row = call.cloud.catalogue.row(sql, call.account.id, call.part("bucket"))
    if row is None:
        raise Refusal(404, 10006, "The specified bucket does not exist.")
    return row


async def _list(call: Call) -> Response:
    query = call.request.query_params
    sql = "SELECT * FROM r2_buckets WHERE account = ? AND name > ? AND instr(name, ?) ORDER BY name"
    after, part = query.get("start_after", ""), query.get("name_contains", "")
    rows = call.cloud.catalogue.rows(sql, call.account.id, after, part)
    return answer({"buckets": [_shown(row) for row in rows]})


async def _create(call: Call) -> Response:
    body = await call.json_object()
    name, storage_class = body.get("name"), body.get("storageClass", "Standard")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise Refusal(400, 10005, "The specified bucket name is not valid.")
    _check_class(storage_class)
    jurisdiction = call.request.headers.get("cf-r2-jurisdiction", "default")
    try:
        call.cloud.catalogue.change(
            "INSERT INTO r2_buckets VALUES (?, ?, ?, ?, ?, ?)",
            call.account.id,
            name,
            call.cloud.clock.now_ms(),
            body.get("locationHint"),
            storage_class,
            jurisdiction,
        )
    except sqlite3.IntegrityError:
        text = "The bucket you tried to create already exists, and you own it."
        raise Refusal(409, 10004, text) from None
    sql = "SELECT * FROM r2_buckets WHERE account = ? AND name = ?"
    row = call.cloud.catalogue.row(sql, call.account.id, name)
    assert row is not None
    return answer(_shown(row))


async def _get(call: Call) -> Response:
    return answer(_shown(_found(call)))


async def _change(call: Call) -> Response:
    name = _found(call)["name"]
    storage_class = call.request.headers.get("cf-r2-storage-class")
    _check_class(storage_class)
    sql = "UPDATE r2_buckets SET storage_class = ? WHERE account = ? AND name = ?"
    call.cloud.catalogue.change(sql, storage_class, call.account.id, name)
    return answer(_shown(_found(call)))


async def _remove(call: Call) -> Response:
    page = await bucket_of(call).list(ListOptions(limit=1))
    if page.objects:
        raise Refusal(409, 10008, "The bucket you tried to delete is not empty.")
    sql = "DELETE FROM r2_buckets WHERE account = ? AND name = ?"
    call.cloud.catalogue.change(sql, call.account.id, call.part("bucket"))
    return answer({})


def _check_class(storage_class: Any) -> None:
    if storage_class not in _STORAGE_CLASSES:
        text = f"The storage class must be one of {', '.join(_STORAGE_CLASSES)}."
        raise Refusal(400, 10062, text)


def _shown(row: sqlite3.Row) -> dict[str, Any]:
    shown = {
        "name": row["name"],
        "creation_date": timestamp(row["created_ms"]),
        "storage_class": row["storage_class"],
        "jurisdiction": row["jurisdiction"],
    }
    return shown if row["location"] is None else {**shown, "location": row["location"]}
