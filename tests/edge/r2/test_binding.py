# ruff: noqa: E501 (texts stand as the platform shows them)
"""R2 at its JavaScript face, with the texts of the platform."""

from __future__ import annotations

from typing import Any

import pytest

from edge.http.blob import Blob
from edge.http.headers import Headers
from edge.http.streams.readable import ReadableStream
from edge.js.arrays import JsArray
from edge.js.buffers import JsArrayBuffer
from edge.js.dates import JsDate
from edge.js.objects import JsObject
from edge.js.proxy import jsnull
from edge.r2.binding import R2Bucket
from tests.edge.r2.worlds import plain, refused, using

HELLO = "5d41402abc4b2a76b9719d911017c592"
EMPTY_HTTP = dict.fromkeys(
    ("contentType", "contentLanguage", "contentDisposition", "contentEncoding", "cacheControl", "cacheExpiry")
)
NOW_MS = 1_767_225_600_000


def obj(**members: Any) -> JsObject:
    return JsObject(
        {name: obj(**value) if isinstance(value, dict) else value for name, value in members.items()}
    )


def test_an_object_and_what_is_known_of_it() -> None:
    async def script(b: R2Bucket) -> None:
        put = await b.put("a.txt", "hello")
        head, got = await b.head("a.txt"), await b.get("a.txt")
        for found in (put, head, got):
            assert (found.key, found.size, found.etag, found.httpEtag) == ("a.txt", 5, HELLO, f'"{HELLO}"')
            assert (found.version, found.storageClass, found.ssecKeyMd5) == (put.version, "", None)
            assert plain(found.httpMetadata) == EMPTY_HTTP
            assert plain(found.customMetadata) == {}
            assert found.uploaded.getTime() == NOW_MS
            assert plain(found.checksums.toJSON())["md5"] == HELLO
            assert found.checksums.md5.to_bytes().hex() == HELLO
            assert found.checksums.sha1 is None
        assert len(put.version) == 32
        assert put.range is None
        assert plain(head.range) == plain(got.range) == {"offset": 0, "length": 5, "suffix": None}
        assert [type(found).js_name for found in (put, head, got)] == [
            "HeadResult",
            "HeadResult",
            "GetResult",
        ]
        assert not hasattr(head, "body")
        assert list(put.object_keys()) == [
            *("key", "version", "size", "etag", "httpEtag", "checksums", "uploaded", "httpMetadata"),
            *("customMetadata", "range", "storageClass", "ssecKeyMd5"),
        ]

    using(script)


def test_ways_to_read() -> None:
    async def script(b: R2Bucket) -> list[Any]:
        await b.put("j", '{"a": [1, null]}', obj(httpMetadata={"contentType": "x/y"}))
        blob = await (await b.get("j")).blob()
        streamed = await b.get("j")
        assert streamed.bodyUsed is False
        chunks = await streamed.body.read_all()
        return [
            plain(await (await b.get("j")).json()),
            (await (await b.get("j")).bytes()).to_bytes(),
            (await (await b.get("j")).arrayBuffer()).to_bytes(),
            (blob.type, blob.size),
            (streamed.bodyUsed, chunks),
        ]

    text = b'{"a": [1, null]}'
    assert using(script) == [{"a": [1, jsnull]}, text, text, ("x/y", 16), (True, text)]


def test_a_body_is_read_once() -> None:
    async def script(b: R2Bucket) -> Any:
        got = await b.get("a.txt")
        assert await got.text() == "hello"
        return await got.text()

    message = (
        "Body has already been used. It can only be used once. Use tee() first if you need to read it twice."
    )
    assert refused(script) == ("TypeError", message)


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("é\ud800", "é\ufffd".encode()), (jsnull, b""), (None, b""), (JsArrayBuffer(b"\0\1"), b"\0\1"),
        (Blob(b"blob"), b"blob"), (ReadableStream.from_bytes(b"stream"), b"stream"),
    ],
)  # fmt: skip
def test_what_can_be_put(value: Any, stored: bytes) -> None:
    async def script(b: R2Bucket) -> bytes:
        assert (await b.put("k", value)).size == len(stored)
        return bytes((await (await b.get("k")).bytes()).to_bytes())

    assert using(script) == stored


def test_metadata_in_and_out() -> None:
    async def script(b: R2Bucket) -> Any:
        http = {"contentType": "x/y", "cacheControl": "no", "cacheExpiry": JsDate(86_400_000)}
        await b.put("k", "x", httpMetadata=obj(**http), customMetadata=obj(k="v", n=5))
        found = await b.head("k")
        headers = Headers()
        found.writeHttpMetadata(headers)
        return plain(found.customMetadata), found.httpMetadata.cacheExpiry.getTime(), headers.raw_items()

    assert using(script) == (
        {"k": "v", "n": "5"},
        86_400_000,
        [("content-type", "x/y"), ("cache-control", "no"), ("expires", "Fri, 02 Jan 1970 00:00:00 GMT")],
    )


def test_metadata_from_headers() -> None:
    headers = Headers(
        [
            ("content-type", "a/b"),
            ("content-language", "de"),
            ("expires", "Fri, 02 Jan 1970 00:00:00 GMT"),
            ("x-other", "1"),
        ]
    )

    async def script(b: R2Bucket) -> Any:
        found = await b.put("k", "x", obj(httpMetadata=headers))
        http = found.httpMetadata
        return http.contentType, http.contentLanguage, http.cacheControl, http.cacheExpiry.getTime()

    assert using(script) == ("a/b", "de", None, 86_400_000)


@pytest.mark.parametrize(
    ("range_", "text", "stretch"),
    [
        (obj(offset=1, length=2), "el", (1, 2)),
        (obj(suffix=2), "lo", (3, 2)),
        (obj(offset=3, length=50), "lo", (3, 2)),
        (obj(), "hello", (0, 5)),
        (Headers([("range", "bytes=1-2")]), "el", (1, 2)),
        (Headers(), "hello", (0, 5)),
    ],
)
def test_ranges(range_: Any, text: str, stretch: tuple[int, int]) -> None:
    async def script(b: R2Bucket) -> Any:
        await b.put("a.txt", "hello")
        got = await b.get("a.txt", obj(range=range_))
        return await got.text(), (got.range.offset, got.range.length), got.size

    assert using(script) == (text, stretch, 5)


def test_conditions_of_get_leave_out_the_body() -> None:
    async def script(b: R2Bucket) -> list[bool]:
        await b.put("a.txt", "hello")
        conditions = [
            obj(etagMatches=HELLO),
            obj(etagMatches="nope"),
            obj(etagDoesNotMatch="*"),
            obj(uploadedAfter=JsDate(NOW_MS - 1)),
            obj(uploadedBefore=NOW_MS),
            Headers([("if-none-match", f'"{HELLO}"')]),
            Headers([("if-modified-since", "Wed, 31 Dec 2025 23:59:59 GMT")]),
        ]
        found = [await b.get("a.txt", obj(onlyIf=condition)) for condition in conditions]
        assert all(item.size == 5 for item in found)
        return [hasattr(item, "body") for item in found]

    assert using(script) == [True, False, False, True, False, False, True]


def test_conditions_of_put() -> None:
    async def script(b: R2Bucket) -> list[Any]:
        new = {"onlyIf": {"etagDoesNotMatch": "*"}}
        first = await b.put("k", "1", obj(**new))
        second = await b.put("k", "2", obj(**new))
        third = await b.put("k", "3", obj(onlyIf={"etagMatches": first.etag}))
        absent = await b.put("zz", "3", obj(onlyIf={"etagMatches": first.etag}))
        return [second, third is not None, absent, await (await b.get("k")).text()]

    assert using(script) == [jsnull, True, jsnull, "3"]


def test_checksums() -> None:
    sha256 = "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"

    async def script(b: R2Bucket) -> list[Any]:
        by_text = await b.put("s", "abc", sha256=sha256)
        by_bytes = await b.put("s", "abc", sha256=JsArrayBuffer(bytes.fromhex(sha256)))
        return [plain(found.checksums.toJSON()) for found in (by_text, by_bytes, await b.head("s"))]

    known = {
        "md5": "900150983cd24fb0d6963f7d28e17f72",
        "sha1": None,
        "sha256": sha256.lower(),
        "sha384": None,
        "sha512": None,
    }
    assert using(script) == [known] * 3


def test_list() -> None:
    async def script(b: R2Bucket) -> None:
        for key in ("l/b", "l/a", "l/x/1", "l/x/2", "l/é", "m"):
            await b.put(key, "v", customMetadata=obj(k=key), httpMetadata=obj(contentType="t"))
        page = await b.list(obj(prefix="l/", delimiter="/", limit=3, include=JsArray(["customMetadata"])))
        assert [item.key for item in page.objects] == ["l/a", "l/b"]
        assert plain(page.delimitedPrefixes) == ["l/x/"]
        assert page.truncated is True
        assert plain(page.objects[0].customMetadata) == {"k": "l/a"}
        assert page.objects[0].httpMetadata.contentType is None
        rest = await b.list(prefix="l/", delimiter="/", cursor=page.cursor)
        assert [item.key for item in rest.objects] == ["l/é"]
        assert (rest.truncated, rest.cursor, plain(rest.delimitedPrefixes)) == (False, None, [])
        assert plain(rest.objects[0].customMetadata) == {}
        assert list(rest.object_keys()) == ["objects", "truncated", "cursor", "delimitedPrefixes"]
        after = await b.list(startAfter="l/x/1")
        assert [item.key for item in after.objects] == ["l/x/2", "l/é", "m"]

    using(script)


def test_delete() -> None:
    async def script(b: R2Bucket) -> list[Any]:
        for key in ("a", "b", "c", "5"):
            await b.put(key, key)
        results = [await b.delete("a"), await b.delete("a"), await b.delete(JsArray(["b", 5, "zz"]))]
        return [*results, [item.key for item in (await b.list()).objects]]

    assert using(script) == [None, None, None, ["c"]]


@pytest.mark.parametrize(
    ("call", "name", "message"),
    [
        (lambda b: b.get(), "TypeError", "Failed to execute 'get' on 'R2Bucket': parameter 1 is not of type 'string'."),
        (lambda b: b.get("k", "x"), "TypeError", "Failed to execute 'get' on 'R2Bucket': parameter 2 is not of type 'GetOptions'."),
        (lambda b: b.delete(), "TypeError", "Failed to execute 'delete' on 'R2Bucket': parameter 1 is not of type 'string or Array'."),
        (lambda b: b.put("i", 5), "TypeError", "Failed to execute 'put' on 'R2Bucket': parameter 2 is not of type 'JsReadableStream or ArrayBuffer or ArrayBufferView or string or Blob'."),
        (lambda b: b.put("d", obj(a=1)), "TypeError", "Failed to execute 'put' on 'R2Bucket': parameter 2 is not of type 'JsReadableStream or ArrayBuffer or ArrayBufferView or string or Blob'."),
        (lambda b: b.put("s", ReadableStream.from_(["x"])), "TypeError", "Provided readable stream must have a known length (request/response body or readable half of FixedLengthStream)"),
        (lambda b: b.put("m", "x", md5="0" * 32), "Error", "put: The MD5 checksum you specified did not match what we received.\nYou provided a MD5 checksum with value: 00000000000000000000000000000000\nActual MD5 was: 9dd4e461268c8034f5c8564e155c67a6 (10037)"),
        (lambda b: b.put("m", "x", md5="00"), "TypeError", "MD5 is 32 hex characters, not 2"),
        (lambda b: b.put("m", "x", sha1=JsArrayBuffer(b"1")), "TypeError", "SHA-1 is 20 bytes, not 1"),
        (lambda b: b.put("m", "x", md5="x" * 32), "TypeError", "Provided MD5 wasn't a valid hex string"),
        (lambda b: b.put("m", "x", md5="0" * 32, sha1="0" * 40), "TypeError", "You cannot specify multiple hashing algorithms."),
        (lambda b: b.put("k" * 1025, "x"), "Error", "put: The specified object name is not valid. (10020)"),
        (lambda b: b.put("k", "x", customMetadata=obj(a="b" * 2048)), "Error", "put: Your metadata headers exceed the maximum allowed metadata size. (10012)"),
        (lambda b: b.put("k", "x", onlyIf=obj(etagMatches='"e"')), "TypeError", 'Conditional ETag should not be wrapped in quotes ("e").'),
        (lambda b: b.put("k", "x", onlyIf=Headers([("if-match", "e")])), "Error", "Invalid ETag in if-match header"),
        (lambda b: b.put("k", "x", onlyIf=obj(etagMatches=5)), "TypeError", "Incorrect type for the 'etagMatches' field on 'Conditional': the provided value is not of type 'string'."),
        (lambda b: b.put("k", "x", ssecKey="0" * 64), "Error", "ssecKey: encryption with a key of one's own (SSE-C) is not emulated (docs/limitations.md)."),
        (lambda b: b.get("a.txt", range=obj(offset=50)), "Error", "get: The requested range is not satisfiable (10039)"),
        (lambda b: b.get("a.txt", range=obj(offset=-1)), "RangeError", "Invalid range. Starting offset (-1) must be greater than or equal to 0."),
        (lambda b: b.get("a.txt", range=obj(length=1.5)), "RangeError", "Invalid range. Length (1.5) must be an integer, not floating point."),
        (lambda b: b.get("a.txt", range=obj(suffix=-1)), "RangeError", "Invalid suffix. Suffix (-1) must be greater than or equal to 0."),
        (lambda b: b.get("a.txt", range=obj(suffix=1, offset=1)), "TypeError", "Suffix is incompatible with offset."),
        (lambda b: b.list(limit=0), "Error", "list: MaxKeys params must be positive integer <= 1000. (10022)"),
        (lambda b: b.list(limit=1001), "Error", "list: MaxKeys params must be positive integer <= 1000. (10022)"),
        (lambda b: b.list(include=JsArray(["nope"])), "RangeError", "Unsupported include value nope"),
        (lambda b: b.list(prefix=5), "TypeError", "Incorrect type for the 'prefix' field on 'ListOptions': the provided value is not of type 'string'."),
    ],
)  # fmt: skip
def test_errors(call: Any, name: str, message: str) -> None:
    assert refused(call) == (name, message)


def test_nothing_there() -> None:
    async def script(b: R2Bucket) -> list[Any]:
        return [await b.head("zz"), await b.get("zz"), plain((await b.list()).objects)]

    assert using(script) == [jsnull, jsnull, []]
