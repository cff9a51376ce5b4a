"""Many keys of a KV namespace in one call. All of it is looked at before anything is written.

Source: spec wrangler.md section 7.2; Cloudflare: "Workers KV: Write multiple key-value pairs at once".
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from edge.http.buffers import decode_text
from edge.kv.logic.entry import Entry
from edge.kv.logic.keys import check_stored_key
from edge.kv.logic.options import (
    BULK_KEYS_MAX,
    PutOptions,
    check_metadata,
    check_value_size,
    resolve_expiration,
)
from edge.kv.namespace import Namespace
from wrangler_compat.cloud.call import Call, account_route
from wrangler_compat.cloud.cloud import Cloud
from wrangler_compat.cloud.envelope import Refusal, answer
from wrangler_compat.cloud.kv_namespaces import KV, store_of
from wrangler_compat.cloud.kv_values import compact_json, kv_refusals

PAIRS_MAX = 10_000
_BULK = KV + "/{namespace_id}/bulk"


def routes(cloud: Cloud) -> list[Route]:
    """The routes of this file."""
    return [
        account_route(cloud, "PUT", _BULK, _put),
        account_route(cloud, "DELETE", _BULK, _delete),
        account_route(cloud, "POST", _BULK + "/delete", _delete),
        account_route(cloud, "POST", _BULK + "/get", _get),
    ]


async def _put(call: Call) -> Response:
    store = store_of(call)
    pairs = await call.json()
    if not isinstance(pairs, list) or not all(isinstance(pair, dict) for pair in pairs):
        raise Refusal(400, 10012, "the body of the request must be an array of key-value pairs")
    _check_count(pairs)
    now_s = call.cloud.clock.now_ms() // 1000
    with kv_refusals():
        writes = [_write(pair, now_s) for pair in pairs]
        # Together, so that they share commits.
        await asyncio.gather(*(store.put(key, value, options) for key, value, options in writes))
    return _counted(len(pairs))


def _write(pair: dict[str, Any], now_s: int) -> tuple[str, bytes, PutOptions]:
    """A pair's key, value and options, checked as the store will check them. Raises as the store does."""
    key, text = pair.get("key"), pair.get("value")
    if not isinstance(key, str) or not isinstance(text, str):
        raise Refusal(400, 10012, "each pair must have a 'key' and a 'value' that are texts")
    value = _decoded(key, text) if pair.get("base64") else text.encode("utf-8", "replace")
    metadata = pair.get("metadata")
    options = PutOptions(
        _seconds(pair, "expiration"),
        _seconds(pair, "expiration_ttl"),
        None if metadata is None else compact_json(metadata),
    )
    check_stored_key(key)
    check_value_size(len(value))
    check_metadata(options.metadata_json)
    resolve_expiration(now_s, options.expiration_s, options.expiration_ttl_s)
    return key, value, options


def _decoded(key: str, text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise Refusal(400, 10012, f"the value of '{key}' is not valid base64") from None


def _seconds(pair: dict[str, Any], name: str) -> int | None:
    found = pair.get(name)
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise Refusal(400, 10012, f"{name} must be a number of seconds")
    return int(found)


async def _delete(call: Call) -> Response:
    store = store_of(call)
    keys = _keys(await call.json())
    _check_count(keys)
    with kv_refusals():
        for key in keys:
            check_stored_key(key)
        await asyncio.gather(*(store.delete(key) for key in keys))
    return _counted(len(keys))


async def _get(call: Call) -> Response:
    store = store_of(call)
    body = await call.json_object()
    keys = _keys(body.get("keys"))
    if not 1 <= len(keys) <= BULK_KEYS_MAX:
        raise Refusal(400, 10012, f"1 to {BULK_KEYS_MAX} keys can be read at a time, not {len(keys)}")
    kind = body.get("type", "text")
    if kind not in ("text", "json"):
        raise Refusal(400, 10012, f'"{kind}" is not a valid type. Use "json" or "text"')
    with kv_refusals():
        for key in keys:
            check_stored_key(key)
        entries = await _read(store, keys)
    as_json, with_metadata = kind == "json", bool(body.get("withMetadata"))
    return answer({"values": {key: _shown(key, entries[key], as_json, with_metadata) for key in keys}})


async def _read(store: Namespace, keys: Sequence[str]) -> dict[str, Entry | None]:
    found = await asyncio.gather(*(store.get_with_metadata(key) for key in keys))
    return dict(zip(keys, found, strict=True))


def _shown(key: str, entry: Entry | None, as_json: bool, with_metadata: bool) -> Any:
    if entry is None:
        return None
    value: Any = decode_text(entry.value)
    if as_json:
        try:
            value = json.loads(value)
        except ValueError:
            raise Refusal(400, 10012, f"the value of '{key}' is not valid JSON") from None
    if not with_metadata:
        return value
    shown = {"value": value, "metadata": entry.metadata_json and json.loads(entry.metadata_json)}
    if entry.expiration_ms is not None:
        shown["expiration"] = entry.expiration_ms // 1000
    return shown


def _keys(found: Any) -> list[str]:
    if not isinstance(found, list) or not all(isinstance(key, str) for key in found):
        raise Refusal(400, 10012, "keys must be an array of texts")
    return found


def _check_count(items: Sequence[Any]) -> None:
    if len(items) > PAIRS_MAX:
        raise Refusal(400, 10012, f"at most {PAIRS_MAX} keys can be given in one call, not {len(items)}")


def _counted(count: int) -> Response:
    return answer({"successful_key_count": count, "unsuccessful_keys": []})
