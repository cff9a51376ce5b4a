"""Objects as JavaScript sees them: R2Object (HeadResult to the runtime) and R2ObjectBody (GetResult).

Source: spec runtime.md section 12, recordings `r2_basic`, `r2_list`.
"""

from __future__ import annotations

from typing import Any

from edge.http.body import Body, Payload
from edge.http.headers import Headers
from edge.http.streams.readable import ReadableStream
from edge.js.buffers import JsArrayBuffer
from edge.js.dates import JsDate
from edge.js.functions import js_method
from edge.js.objects import JsObject
from edge.js.promise import JsPromise
from edge.js.proxy import JsProxy
from edge.js.webidl import wrong_type
from edge.r2.logic.entry import Entry
from edge.r2.logic.ranges import Stretch

_ALGORITHMS = ("md5", "sha1", "sha256", "sha384", "sha512")
_PROPERTIES = (
    *("key", "version", "size", "etag", "httpEtag", "checksums", "uploaded", "httpMetadata"),
    *("customMetadata", "range", "storageClass", "ssecKeyMd5"),
)


class Checksums(JsProxy, js_name="Checksums"):
    """The digests that are known of an object."""

    __slots__ = ("_hex",)

    def __init__(self, entry: Entry) -> None:
        self._hex = entry.checksums

    def _buffer(self, algorithm: str) -> JsArrayBuffer | None:
        found = self._hex.get(algorithm)
        return None if found is None else JsArrayBuffer(bytes.fromhex(found))

    md5 = property(lambda self: self._buffer("md5"))
    sha1 = property(lambda self: self._buffer("sha1"))
    sha256 = property(lambda self: self._buffer("sha256"))
    sha384 = property(lambda self: self._buffer("sha384"))
    sha512 = property(lambda self: self._buffer("sha512"))

    def _own_items(self) -> list[tuple[str, Any]]:
        return [(name, self._buffer(name)) for name in _ALGORITHMS]

    def toJSON(self, *_: Any) -> JsObject:
        """The digests in hexadecimal."""
        return JsObject({name: self._hex.get(name) for name in _ALGORITHMS})


class HeadResult(JsProxy, js_name="HeadResult"):
    """What is known of an object."""

    __slots__ = ("_entry", "_stretch")

    def __init__(self, entry: Entry, stretch: Stretch | None = None) -> None:
        self._entry = entry
        self._stretch = stretch

    @property
    def key(self) -> str:
        return self._entry.key

    @property
    def version(self) -> str:
        return self._entry.version

    @property
    def size(self) -> int:
        return self._entry.size_bytes

    @property
    def etag(self) -> str:
        return self._entry.etag

    @property
    def httpEtag(self) -> str:
        return f'"{self._entry.etag}"'

    @property
    def checksums(self) -> Checksums:
        return Checksums(self._entry)

    @property
    def uploaded(self) -> JsDate:
        return JsDate(self._entry.uploaded_ms)

    @property
    def httpMetadata(self) -> JsObject:
        http = self._entry.http
        expiry_ms = http.cache_expiry_ms
        return JsObject(
            {
                "contentType": http.content_type,
                "contentLanguage": http.content_language,
                "contentDisposition": http.content_disposition,
                "contentEncoding": http.content_encoding,
                "cacheControl": http.cache_control,
                "cacheExpiry": None if expiry_ms is None else JsDate(expiry_ms),
            }
        )

    @property
    def customMetadata(self) -> JsObject:
        return JsObject(dict(self._entry.custom))

    @property
    def range(self) -> JsObject | None:
        stretch = self._stretch
        if stretch is None:
            return None
        return JsObject({"offset": stretch.offset, "length": stretch.length, "suffix": None})

    @property
    def storageClass(self) -> str:
        return ""  # locally there is none

    @property
    def ssecKeyMd5(self) -> None:
        return None

    def _own_items(self) -> list[tuple[str, Any]]:
        return [(name, getattr(self, name)) for name in _PROPERTIES]

    @js_method
    def writeHttpMetadata(self, headers: Any = None, *_: Any) -> None:
        """Set the headers that show the object as it was stored."""
        if not isinstance(headers, Headers):
            raise wrong_type("writeHttpMetadata", "HeadResult", 1, "Headers")
        http = self._entry.http
        expiry_ms = http.cache_expiry_ms
        for name, value in (
            ("content-type", http.content_type),
            ("content-language", http.content_language),
            ("content-disposition", http.content_disposition),
            ("content-encoding", http.content_encoding),
            ("cache-control", http.cache_control),
            ("expires", None if expiry_ms is None else JsDate(expiry_ms).toUTCString()),
        ):
            if value is not None:
                headers.set(name, value)


class _ObjectBody(Body):
    """The bytes of an object, read once."""

    __slots__ = ("_type",)

    def __init__(self, payload: Payload, content_type: str | None) -> None:
        self._payload = payload
        self._used = False
        self._type = content_type

    def _content_type(self) -> str | None:
        return self._type


class GetResult(HeadResult, js_name="GetResult"):
    """An object with its bytes."""

    __slots__ = ("_body",)

    def __init__(self, entry: Entry, stretch: Stretch, payload: bytes | ReadableStream) -> None:
        super().__init__(entry, stretch)
        self._body = _ObjectBody(payload, entry.http.content_type)

    @property
    def body(self) -> Any:
        return self._body.body

    @property
    def bodyUsed(self) -> bool:
        return self._body.bodyUsed

    def text(self) -> JsPromise:
        return self._body.text()

    def json(self) -> JsPromise:
        return self._body.json()

    def arrayBuffer(self) -> JsPromise:
        return self._body.arrayBuffer()

    def bytes(self) -> JsPromise:
        return self._body.bytes()

    def blob(self) -> JsPromise:
        return self._body.blob()
