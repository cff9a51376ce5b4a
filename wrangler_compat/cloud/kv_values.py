"""Keys and values of a KV namespace, one at a time. Values travel as they are, without the envelope.

Source: spec wrangler.md section 7.2, kv.md section 3.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from edge.http.blob import File
from edge.kv.logic.entry import Entry
from edge.kv.logic.keys import check_stored_key
from edge.kv.logic.listing import ListedKey
from edge.kv.logic.options import PutOptions
from edge.kv.logic.refusal import KeyNameRejected, KvRefused
from wrangler_compat.cloud.call import Call, account_route
from wrangler_compat.cloud.cloud import Cloud
from wrangler_compat.cloud.envelope import Refusal, answer, whole_number
from wrangler_compat.cloud.kv_namespaces import KV, store_of

_VALUE = KV + "/{namespace_id}/values/{key:path}"


def routes(cloud: Cloud) -> list[Route]:
    """The routes of this file."""
    return [
        account_route(cloud, "GET", KV + "/{namespace_id}/keys", _list),
        account_route(cloud, "GET", KV + "/{namespace_id}/metadata/{key:path}", _metadata),
        account_route(cloud, "GET", _VALUE, _get),
        account_route(cloud, "PUT", _VALUE, _put),
        account_route(cloud, "DELETE", _VALUE, _delete),
    ]


@contextmanager
def kv_refusals() -> Iterator[None]:
    """Answer what the store refuses with the store's own status and text."""
    try:
        yield
    except KvRefused as refused:
        raise Refusal(refused.status, 10012, refused.text) from None
    except KeyNameRejected as rejected:
        raise Refusal(400, 10012, rejected.text) from None


async def _list(call: Call) -> Response:
    query = call.request.query_params
    with kv_refusals():
        limit = whole_number(call.request, "limit") or 0
        page = await store_of(call).list(query.get("prefix", ""), limit, query.get("cursor") or None)
    keys = [_listed(key) for key in page.keys]
    return answer(keys, info={"count": len(keys), "cursor": page.cursor or ""})


def _listed(key: ListedKey) -> dict[str, Any]:
    shown: dict[str, Any] = {"name": key.name}
    if key.expiration_ms is not None:
        shown["expiration"] = key.expiration_ms // 1000
    if key.metadata_json is not None:
        shown["metadata"] = json.loads(key.metadata_json)
    return shown


async def _get(call: Call) -> Response:
    entry = await _entry(call)
    response = Response(entry.value, media_type="application/octet-stream")
    if entry.expiration_ms is not None:
        response.headers["expiration"] = str(entry.expiration_ms // 1000)
    return response


async def _metadata(call: Call) -> Response:
    entry = await _entry(call)
    return answer(None if entry.metadata_json is None else json.loads(entry.metadata_json))


async def _entry(call: Call) -> Entry:
    with kv_refusals():
        entry = await store_of(call).get_with_metadata(call.part("key"))
    if entry is None:
        raise Refusal(404, 10009, "get: 'key not found'")
    return entry


async def _put(call: Call) -> Response:
    store = store_of(call)
    value, metadata_json = await _value(call)
    options = PutOptions(
        whole_number(call.request, "expiration"), whole_number(call.request, "expiration_ttl"), metadata_json
    )
    with kv_refusals():
        check_stored_key(call.part("key"))
        await store.put(call.part("key"), value, options)
    return answer(None)


async def _value(call: Call) -> tuple[bytes, str | None]:
    """The value in a body with its metadata as JSON text; with metadata, or from the official Python
    package, they come as a form."""
    if not call.request.headers.get("content-type", "").startswith("multipart/form-data"):
        return await call.request.body(), None
    fields = dict(await call.form())
    if "value" not in fields:
        raise Refusal(400, 10012, "the form lacks the field 'value'")
    return _bytes(fields["value"]), _metadata_json(fields.get("metadata"))


def _bytes(field: str | File) -> bytes:
    return field.data if isinstance(field, File) else field.encode()


def _metadata_json(field: str | File | None) -> str | None:
    if field is None:
        return None
    try:
        found = json.loads(_bytes(field))
    except ValueError:
        raise Refusal(400, 10012, "metadata must be valid JSON") from None
    return None if found is None else compact_json(found)


def compact_json(value: Any) -> str:
    """JSON text as JavaScript writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


async def _delete(call: Call) -> Response:
    with kv_refusals():
        await store_of(call).delete(call.part("key"))
    return answer(None)
