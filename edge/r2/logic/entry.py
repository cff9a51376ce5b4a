"""What is known of an object beside its bytes.

Source: spec runtime.md section 12, wrangler.md section 5.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class HttpMetadata:
    """What goes into the headers of a response that shows the object."""

    content_type: str | None = None
    content_language: str | None = None
    content_disposition: str | None = None
    content_encoding: str | None = None
    cache_control: str | None = None
    cache_expiry_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """An object. `blob_id` is None when its bytes are the parts of a multipart upload."""

    key: str
    blob_id: str | None
    version: str
    size_bytes: int
    etag: str
    uploaded_ms: int
    #: Hexadecimal digests by the names md5, sha1, sha256, sha384, sha512.
    checksums: Mapping[str, str] = field(default_factory=dict)
    http: HttpMetadata = field(default_factory=HttpMetadata)
    custom: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a blob."""

    blob_id: str
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Checksum:
    """The digest that the bytes of a put must have."""

    algorithm: str  # md5, sha1, sha256, sha384, sha512
    hex_digest: str


#: How errors call the algorithms.
ALGORITHM_TITLES = {
    "md5": "MD5",
    "sha1": "SHA-1",
    "sha256": "SHA-256",
    "sha384": "SHA-384",
    "sha512": "SHA-512",
}
