"""Objects of an R2 bucket. Their bytes travel as they are, their metadata as HTTP headers.

Source: spec wrangler.md section 7.4.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from email.utils import formatdate, parsedate_to_datetime
from typing import Any

from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from edge.http.streams.source import END
from edge.r2.bucket import PutOptions
from edge.r2.logic.entry import Entry, HttpMetadata
from edge.r2.logic.listing import ListOptions
from edge.r2.logic.refusal import R2Refused
from edge.r2.source import BlobSource
from wrangler_compat.cloud.call import Call, account_route
from wrangler_compat.cloud.cloud import Cloud
from wrangler_compat.cloud.envelope import Refusal, answer, whole_number
from wrangler_compat.cloud.identity import timestamp
from wrangler_compat.cloud.r2_buckets import BUCKET, bucket_of

_OBJECTS = BUCKET + "/objects"
_OBJECT = _OBJECTS + "/{key:path}"
_INTERNAL_ERROR = 10001


def routes(cloud: Cloud) -> list[Route]:
    """The routes of this file."""
    return [
        account_route(cloud, "GET", _OBJECTS, _list),
        account_route(cloud, "GET", _OBJECT, _get),
        account_route(cloud, "PUT", _OBJECT, _put),
        account_route(cloud, "DELETE", _OBJECT, _delete),
    ]


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except R2Refused as refused:
        status = 500 if refused.code == _INTERNAL_ERROR else 400
        raise Refusal(status, refused.code, refused.text) from None


async def _list(call: Call) -> Response:
    query = call.request.query_params
    options = ListOptions(
        prefix=query.get("prefix", ""),
        delimiter=query.get("delimiter"),
        cursor=query.get("cursor") or None,
        start_after=query.get("start_after"),
        limit=whole_number(call.request, "per_page"),
        with_http=True,
        with_custom=True,
    )
    with _refusals():
        page = await bucket_of(call).list(options)
    info = {"cursor": page.cursor or "", "is_truncated": page.cursor is not None, "delimited": page.prefixes}
    return answer([_shown(entry) for entry in page.objects], info=info)


async def _get(call: Call) -> Response:
    bucket = bucket_of(call)
    with _refusals():
        found = await bucket.get(call.part("key"))
    if found is None:
        raise Refusal(404, 10007, "The specified key does not exist.")
    headers = _headers(found.entry)
    if found.data is not None:
        return Response(found.data, headers=headers)
    assert found.pieces is not None
    headers["content-length"] = str(found.entry.size_bytes)
    return StreamingResponse(_chunks(BlobSource(bucket.blobs, found.pieces)), headers=headers)


async def _chunks(source: BlobSource) -> AsyncIterator[bytes]:
    while (chunk := await source.pull()) is not END:
        yield chunk


async def _put(call: Call) -> Response:
    options = PutOptions(_http_metadata(call))
    with _refusals():
        # Piece by piece: a client that goes away in the middle leaves the object as it was.
        entry = await bucket_of(call).put(call.part("key"), call.request.stream(), options)
    assert entry is not None, "there was no condition"
    return answer(
        {
            "key": entry.key,
            "etag": entry.etag,
            "size": str(entry.size_bytes),
            "version": entry.version,
            "uploaded": timestamp(entry.uploaded_ms),
            "storage_class": "Standard",
        }
    )


async def _delete(call: Call) -> Response:
    with _refusals():
        await bucket_of(call).delete([call.part("key")])
    return answer({"key": call.part("key")})


def _http_metadata(call: Call) -> HttpMetadata:
    given = call.request.headers
    return HttpMetadata(
        given.get("content-type"),
        given.get("content-language"),
        given.get("content-disposition"),
        given.get("content-encoding"),
        given.get("cache-control"),
        _expiry_ms(given.get("expires")),
    )


def _expiry_ms(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return round(parsedate_to_datetime(text).timestamp() * 1000)
    except ValueError:
        raise Refusal(400, 10012, f"expires must be an HTTP date, not '{text}'") from None


def _headers(entry: Entry) -> dict[str, str]:
    http = entry.http
    headers = {
        "etag": f'"{entry.etag}"',
        "last-modified": formatdate(entry.uploaded_ms / 1000, usegmt=True),
        "content-type": http.content_type or "application/octet-stream",
        "content-language": http.content_language,
        "content-disposition": http.content_disposition,
        "content-encoding": http.content_encoding,
        "cache-control": http.cache_control,
    }
    if http.cache_expiry_ms is not None:
        headers["expires"] = formatdate(http.cache_expiry_ms / 1000, usegmt=True)
    return {name: value for name, value in headers.items() if value is not None}


def _shown(entry: Entry) -> dict[str, Any]:
    http = entry.http
    metadata = {
        "contentType": http.content_type,
        "contentLanguage": http.content_language,
        "contentDisposition": http.content_disposition,
        "contentEncoding": http.content_encoding,
        "cacheControl": http.cache_control,
        "cacheExpiry": None if http.cache_expiry_ms is None else timestamp(http.cache_expiry_ms),
    }
    return {
        "key": entry.key,
        "etag": entry.etag,
        "size": entry.size_bytes,
        "last_modified": timestamp(entry.uploaded_ms),
        "http_metadata": {name: value for name, value in metadata.items() if value is not None},
        "custom_metadata": dict(entry.custom),
        "storage_class": "Standard",
    }
