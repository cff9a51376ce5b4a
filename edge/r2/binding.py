"""`env.<name>`: an R2 bucket as JavaScript sees it.

Sources: spec runtime.md section 12; recordings `r2_basic`, `r2_list`, `d1_r2_old_style`.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from edge.http.streams.readable import ReadableStream
from edge.js.arrays import JsArray
from edge.js.functions import js_method
from edge.js.objects import JsObject
from edge.js.promise import JsPromise
from edge.js.proxy import JsProxy, jsnull
from edge.js.webidl import MISSING, wrong_type
from edge.r2 import arguments
from edge.r2.bucket import Bucket, Found
from edge.r2.logic.entry import Entry, HttpMetadata
from edge.r2.logic.listing import ListOptions
from edge.r2.logic.ranges import Stretch
from edge.r2.options import get_options, list_options, metadata, put_options
from edge.r2.results import GetResult, HeadResult
from edge.r2.telling import output_may_leave, started
from edge.r2.upload import R2MultipartUpload

if TYPE_CHECKING:
    from edge.r2.far import FarBucket


class R2Bucket(JsProxy, js_name="R2Bucket"):
    """The binding of one bucket."""

    __slots__ = ("_bucket",)

    def __init__(self, bucket: Bucket | FarBucket) -> None:
        self._bucket = bucket

    @js_method
    def head(self, key: Any = MISSING, *_: Any) -> JsPromise:
        """What is known of an object, null when there is none."""
        return started("head", self._head(key), key)

    @js_method
    def get(self, key: Any = MISSING, options: Any = None, *_: Any) -> JsPromise:
        """An object with its bytes, without them when `onlyIf` does not hold; null when there is none."""
        return started("get", self._get(key, options), key)

    @js_method
    def put(self, key: Any = MISSING, value: Any = None, options: Any = None, *_: Any) -> JsPromise:
        """Store an object; resolves once it is durable, to null when `onlyIf` does not hold."""
        return started("put", self._put(key, value, options), key)

    @js_method
    def delete(self, keys: Any = MISSING, *_: Any) -> JsPromise:
        """Remove one object or several; resolves once that is durable."""
        return started("delete", self._delete(keys), keys)

    @js_method
    def list(self, options: Any = None, *_: Any) -> JsPromise:
        """A page of the bucket's objects."""
        return started("list", self._list(options))

    @js_method
    def createMultipartUpload(self, key: Any = MISSING, options: Any = None, *_: Any) -> JsPromise:
        """Begin an upload in parts."""
        return started("createMultipartUpload", self._create_upload(key, options), key)

    @js_method
    def resumeMultipartUpload(
        self, key: Any = MISSING, upload_id: Any = MISSING, *_: Any
    ) -> R2MultipartUpload:
        """Go on with an upload. Whether there is one shows when it is used."""
        name = arguments.key(key, "resumeMultipartUpload")
        if upload_id is MISSING:
            raise wrong_type("resumeMultipartUpload", "R2Bucket", 2, "string")
        return R2MultipartUpload(self._bucket, name, arguments.text(upload_id))

    async def _close(self) -> None:
        await self._bucket.close()

    async def _head(self, key: Any) -> Any:
        entry = await self._bucket.head(arguments.key(key, "head"))
        return jsnull if entry is None else HeadResult(entry, Stretch(0, entry.size_bytes))

    async def _get(self, key: Any, options: Any) -> Any:
        name = arguments.key(key, "get")
        condition, wanted = get_options(arguments.options(options, "get", 2, "GetOptions"))
        found = await self._bucket.get(name, condition, wanted)
        return jsnull if found is None else self._result(found)

    def _result(self, found: Found) -> HeadResult:
        if found.data is not None:
            return GetResult(found.entry, found.stretch, found.data)
        if found.pieces is not None:
            stream = ReadableStream(self._bucket.source(found.pieces), found.stretch.length)
            return GetResult(found.entry, found.stretch, stream)
        return HeadResult(found.entry, found.stretch)

    async def _put(self, key: Any, value: Any, options: Any) -> Any:
        name = arguments.key(key, "put")
        body = arguments.body(value, "put", "R2Bucket", optional=True)
        given = put_options(arguments.options(options, "put", 3, "PutOptions"))
        await output_may_leave()
        entry = await self._bucket.put(name, body, given)
        return jsnull if entry is None else HeadResult(entry)

    async def _delete(self, keys: Any) -> None:
        if keys is MISSING:
            raise wrong_type("delete", "R2Bucket", 1, "string or Array")
        texts = [arguments.text(key) for key in (keys if isinstance(keys, JsArray) else [keys])]
        await output_may_leave()
        await self._bucket.delete(texts)

    async def _list(self, options: Any) -> JsObject:
        given = list_options(arguments.options(options, "list", 1, "ListOptions"))
        page = await self._bucket.list(given)
        shown = [HeadResult(_listed(entry, given)) for entry in page.objects]
        return JsObject(
            {
                "objects": JsArray([*shown]),
                "truncated": page.cursor is not None,
                "cursor": page.cursor,
                "delimitedPrefixes": JsArray([*page.prefixes]),
            }
        )

    async def _create_upload(self, key: Any, options: Any) -> R2MultipartUpload:
        name = arguments.key(key, "createMultipartUpload")
        given = arguments.options(options, "createMultipartUpload", 2, "MultipartOptions")
        http, custom = metadata(given, "MultipartOptions")
        await output_may_leave()
        return R2MultipartUpload(self._bucket, name, await self._bucket.create_upload(name, http, custom))


def _listed(entry: Entry, options: ListOptions) -> Entry:
    """An object with the metadata that was asked for."""
    return dataclasses.replace(
        entry,
        http=entry.http if options.with_http else HttpMetadata(),
        custom=entry.custom if options.with_custom else {},
    )
