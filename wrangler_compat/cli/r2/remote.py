"""A bucket on Cloudflare.

Source: spec wrangler.md section 7.4.
"""

from __future__ import annotations

from collections.abc import Callable
from email.utils import formatdate
from typing import BinaryIO

import httpx

from edge.errors import UserError
from edge.r2.logic.entry import HttpMetadata
from edge.r2.logic.limits import check_key
from edge.r2.logic.refusal import R2Refused
from wrangler_compat.cli.remote import segment
from wrangler_compat.cloudflare.account import Account
from wrangler_compat.cloudflare.refusal import CloudflareApiError

#: What the API takes in one call.
UPLOAD_BYTES_MAX = 300 * 2**20
_NOT_FOUND = 404
_NO_SUCH_KEY = 10007


class RemoteBucket:
    """What the commands do with its objects."""

    def __init__(self, account: Account, name: str) -> None:
        self._account = account
        self._path = f"/r2/buckets/{segment(name)}/objects"

    def get(self, key: str, write: Callable[[bytes], object]) -> bool:
        """Give the bytes of an object to `write`; False when there is none."""
        try:
            write(self._account.raw("GET", self._object(key)).content)
        except CloudflareApiError as refusal:
            if refusal.status == _NOT_FOUND and refusal.code in (None, _NO_SUCH_KEY):
                return False
            raise
        except httpx.DecodingError as failure:
            raise UserError(f'the content encoding of "{key}" is not that of its bytes: {failure}') from None
        return True

    def put(self, key: str, body: BinaryIO, http: HttpMetadata) -> None:
        """Store all of `body`."""
        data = body.read(UPLOAD_BYTES_MAX + 1)
        if len(data) > UPLOAD_BYTES_MAX:
            raise UserError(
                f'Error: only files up to 300 MiB can be uploaded this way, and "{key}" is larger. Use the '
                "S3 API of R2 for it."
            )
        self._account.call("PUT", self._object(key), content=data, headers=_headers(http))

    def delete(self, key: str) -> None:
        """Remove an object, also when it is not there."""
        self._account.call("DELETE", self._object(key))

    def _object(self, key: str) -> str:
        try:
            check_key(key)
        except R2Refused as refusal:
            raise UserError(str(refusal)) from None
        return f"{self._path}/{segment(key)}"


def _headers(http: HttpMetadata) -> dict[str, str]:
    expiry_ms = http.cache_expiry_ms
    found = {
        "Content-Type": http.content_type or "application/octet-stream",
        "Content-Language": http.content_language,
        "Content-Disposition": http.content_disposition,
        "Content-Encoding": http.content_encoding,
        "Cache-Control": http.cache_control,
        "Expires": None if expiry_ms is None else formatdate(expiry_ms / 1000, usegmt=True),
    }
    return {name: value for name, value in found.items() if value is not None}
