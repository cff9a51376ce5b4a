"""A multipart upload as JavaScript sees it.

Source: spec runtime.md section 12.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from edge.js.arrays import JsArray
from edge.js.errors import type_error
from edge.js.functions import js_method
from edge.js.objects import JsObject, get_property
from edge.js.promise import JsPromise
from edge.js.proxy import JsProxy
from edge.js.webidl import MISSING, to_int32, wrong_type
from edge.r2 import arguments
from edge.r2.bucket import Bucket
from edge.r2.logic.parts import ChosenPart
from edge.r2.results import HeadResult
from edge.r2.telling import output_may_leave, started

if TYPE_CHECKING:
    from edge.r2.far import FarBucket

_OWNER = "R2MultipartUpload"
_PARTS_MAX = 10_000


class R2MultipartUpload(JsProxy, js_name="R2MultipartUpload"):
    """An upload under way, or not: that shows when it is used."""

    __slots__ = ("_bucket", "key", "uploadId")

    def __init__(self, bucket: Bucket | FarBucket, key: str, upload_id: str) -> None:
        self._bucket = bucket
        self.key = key
        self.uploadId = upload_id

    def _own_items(self) -> list[tuple[str, Any]]:
        return [("key", self.key), ("uploadId", self.uploadId)]

    @js_method
    def uploadPart(
        self, part_number: Any = MISSING, value: Any = MISSING, options: Any = None, *_: Any
    ) -> JsPromise:
        """Store a part; resolves to `{partNumber, etag}`, which `complete` wants back."""
        return started("uploadPart", self._upload_part(part_number, value, options), self.key)

    @js_method
    def complete(self, parts: Any = MISSING, *_: Any) -> JsPromise:
        """Make an object of parts."""
        return started("completeMultipartUpload", self._complete(parts), self.key)

    @js_method
    def abort(self, *_: Any) -> JsPromise:
        """Give the upload up; nothing happens when it is over."""
        return started("abortMultipartUpload", self._abort(), self.key)

    async def _upload_part(self, part_number: Any, value: Any, options: Any) -> JsObject:
        if part_number is MISSING:
            raise wrong_type("uploadPart", _OWNER, 1, "number")
        number = to_int32(part_number)
        body = arguments.body(value, "uploadPart", _OWNER, optional=False)
        arguments.refuse_ssec(options)
        _check_number(number)
        await output_may_leave()
        etag = await self._bucket.put_part(self.key, self.uploadId, number, body)
        return JsObject({"partNumber": number, "etag": etag})

    async def _complete(self, parts: Any) -> HeadResult:
        if not isinstance(parts, JsArray):
            raise wrong_type("complete", _OWNER, 1, "Array")
        chosen: Sequence[ChosenPart] = [_chosen(part) for part in parts]
        for part in chosen:
            _check_number(part.number)
        await output_may_leave()
        return HeadResult(await self._bucket.complete_upload(self.key, self.uploadId, chosen))

    async def _abort(self) -> None:
        await output_may_leave()
        await self._bucket.abort_upload(self.key, self.uploadId)


def _chosen(part: Any) -> ChosenPart:
    number, etag = get_property(part, "partNumber"), get_property(part, "etag")
    if number is None:
        raise arguments.wrong_field("partNumber", "UploadedPart", "number")
    if etag is None:
        raise arguments.wrong_field("etag", "UploadedPart", "string")
    return ChosenPart(to_int32(number), arguments.text(etag))


def _check_number(number: int) -> None:
    if not 1 <= number <= _PARTS_MAX:
        raise type_error(
            f"Part number must be between 1 and {_PARTS_MAX} (inclusive). Actual value was: {number}"
        )
