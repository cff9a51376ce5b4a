# ruff: noqa: E501 (texts stand as the platform shows them)
"""Multipart uploads at their JavaScript face."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from edge.js.arrays import JsArray
from edge.js.errors import JsException
from edge.js.objects import JsObject
from edge.js.proxy import jsnull
from edge.r2.binding import R2Bucket
from edge.r2.logic.limits import PART_BYTES_MIN
from edge.r2.open import bucket_path
from tests.edge.r2.worlds import plain, refused, using

BIG, SMALL = b"a" * PART_BYTES_MIN, b"end"


def blobs(directory: Path) -> int:
    return len(list((directory / "v3/r2/b/blobs").iterdir()))


def test_parts_become_an_object(tmp_path: Path) -> None:
    async def script(b: R2Bucket) -> None:
        await b.put("k", "before")
        upload = await b.createMultipartUpload(
            "k", httpMetadata=JsObject({"contentType": "t"}), customMetadata=JsObject({"c": "d"})
        )
        first = await upload.uploadPart(1, "thrown away")
        first = await upload.uploadPart(1, BIG.decode())
        again = b.resumeMultipartUpload("k", upload.uploadId)
        unused = await again.uploadPart(5, "unused")
        second = await again.uploadPart(2, SMALL.decode())
        assert (first.partNumber, len(first.etag), len(upload.uploadId), upload.key) == (1, 171, 171, "k")
        assert unused.etag != second.etag
        assert await (await b.get("k")).text() == "before"
        assert blobs(tmp_path) == 4

        done = await again.complete(JsArray([first, second]))
        digests = hashlib.md5(BIG).digest() + hashlib.md5(SMALL).digest()
        assert done.etag == f"{hashlib.md5(digests).hexdigest()}-2"
        assert (done.size, done.httpMetadata.contentType, plain(done.customMetadata)) == (
            len(BIG) + 3,
            "t",
            {"c": "d"},
        )
        assert done.checksums.md5 is None
        assert blobs(tmp_path) == 2

        whole = await b.get("k")
        assert (await whole.bytes()).to_bytes() == BIG + SMALL
        end = await b.get("k", range=JsObject({"offset": len(BIG) - 1, "length": 3}))
        assert (await end.text(), plain(end.range)) == (
            "aen",
            {"offset": len(BIG) - 1, "length": 3, "suffix": None},
        )
        assert await again.abort() is None  # over: nothing happens
        assert (await b.head("k")).size == len(BIG) + 3

        await b.put("k", "after")
        assert blobs(tmp_path) == 1
        await b.delete("k")
        assert blobs(tmp_path) == 0

    using(script, tmp_path)
    assert bucket_path(tmp_path, "b").exists()


def test_an_aborted_upload_leaves_nothing(tmp_path: Path) -> None:
    async def script(b: R2Bucket) -> None:
        upload = await b.createMultipartUpload("k")
        part = await upload.uploadPart(1, "x")
        await upload.abort()
        await upload.abort()
        assert blobs(tmp_path) == 0
        assert await b.head("k") is jsnull
        for call in (lambda: upload.uploadPart(1, "x"), lambda: upload.complete(JsArray([part]))):
            with pytest.raises(
                JsException, match=r"The specified multipart upload does not exist. \(10024\)"
            ):
                await call()
        assert blobs(tmp_path) == 0

    using(script, tmp_path)


@pytest.mark.parametrize(
    ("call", "name", "message"),
    [
        (lambda u: u.uploadPart(0, "x"), "TypeError", "Part number must be between 1 and 10000 (inclusive). Actual value was: 0"),
        (lambda u: u.uploadPart(1), "TypeError", "Failed to execute 'uploadPart' on 'R2MultipartUpload': parameter 2 is not of type 'JsReadableStream or ArrayBuffer or ArrayBufferView or string or Blob'."),
        (lambda u: u.complete(), "TypeError", "Failed to execute 'complete' on 'R2MultipartUpload': parameter 1 is not of type 'Array'."),
        (lambda u: u.complete(JsArray([JsObject({"partNumber": 1, "etag": "x"})])), "Error", "completeMultipartUpload: One or more of the specified parts could not be found. (10025)"),
    ],
)  # fmt: skip
def test_errors(call: Any, name: str, message: str) -> None:
    async def script(b: R2Bucket) -> Any:
        return await call(await b.createMultipartUpload("k"))

    assert refused(script) == (name, message)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda u: u.uploadPart(1, "x"), "uploadPart: The specified multipart upload does not exist. (10024)"),
        (lambda u: u.complete(JsArray()), "completeMultipartUpload: We encountered an internal error. Please try again. (10001)"),
        (lambda u: u.abort(), "abortMultipartUpload: We encountered an internal error. Please try again. (10001)"),
    ],
)  # fmt: skip
def test_an_upload_that_never_was(call: Any, message: str) -> None:
    async def script(b: R2Bucket) -> Any:
        return await call(b.resumeMultipartUpload("k", "none"))

    assert refused(script) == ("Error", message)
