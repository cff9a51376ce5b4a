"""A namespace on Cloudflare.

Source: spec wrangler.md section 7.2.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from edge.errors import UserError
from edge.kv.logic.keys import check_key
from edge.kv.logic.listing import ListedKey
from edge.kv.logic.options import PutOptions
from edge.kv.logic.refusal import KeyNameRejected, KvRefused
from wrangler_compat.cli.kv.bulk_file import Pair
from wrangler_compat.cli.remote import all_pages, segment
from wrangler_compat.cloudflare.account import Account
from wrangler_compat.cloudflare.refusal import CloudflareApiError

#: How many keys one call takes: reading, and writing or removing.
_READ_AT_ONCE = 100
_WRITE_AT_ONCE = 1000
_BYTES = "application/octet-stream"
_T = TypeVar("_T")


class RemoteNamespace:
    """What the commands do with it."""

    def __init__(self, account: Account, namespace_id: str) -> None:
        self._account = account
        self._path = f"/storage/kv/namespaces/{segment(namespace_id)}"

    def get(self, key: str) -> bytes | None:
        """The value of `key`. Raises CloudflareApiError when there is none, as wrangler's command fails."""
        return bytes(self._account.raw("GET", self._value(key)).content)

    def put(self, key: str, value: bytes, options: PutOptions) -> None:
        """Store `value`."""
        query = {name: seconds for name, seconds in _expiry(options).items() if seconds is not None}
        if options.metadata_json is None:
            sent: dict[str, Any] = {"content": value, "headers": {"Content-Type": _BYTES}}
        else:
            metadata = options.metadata_json.encode()
            parts = [("value", ("value", value, _BYTES)), ("metadata", (None, metadata, "application/json"))]
            sent = {"files": parts}
        self._account.call("PUT", self._value(key), query=query, **sent)

    def delete(self, key: str) -> None:
        """Remove `key`."""
        self._account.call("DELETE", self._value(key))

    def list_keys(self, prefix: str) -> Sequence[ListedKey]:
        """All keys that start with `prefix`, in order."""
        found = all_pages(self._account, f"{self._path}/keys", {"prefix": prefix} if prefix else {})
        return [_listed(key) for key in found]

    def get_all(self, keys: Sequence[str]) -> Mapping[str, str | None]:
        """The values of `keys` as text."""
        values: dict[str, str | None] = {}
        for some in _parts(keys, _READ_AT_ONCE):
            answer = self._account.call("POST", f"{self._path}/bulk/get", body={"keys": some})
            values |= {key: _text(value) for key, value in answer["values"].items()}
        return {key: values.get(key) for key in keys}

    def put_all(self, pairs: Sequence[Pair]) -> None:
        """Store all pairs, a thousand a call. When one call fails, those before it have happened: the error
        says how many pairs are stored."""
        for stored, some in enumerate(_parts(pairs, _WRITE_AT_ONCE)):
            with _after(stored * _WRITE_AT_ONCE, "stored"):
                self._account.call("PUT", f"{self._path}/bulk", body=[_shown(pair) for pair in some])

    def delete_all(self, keys: Sequence[str]) -> None:
        """Remove all keys, a thousand a call; errors are as those of `put_all`."""
        for removed, some in enumerate(_parts(keys, _WRITE_AT_ONCE)):
            with _after(removed * _WRITE_AT_ONCE, "removed"):
                self._account.call("POST", f"{self._path}/bulk/delete", body=list(some))

    def _value(self, key: str) -> str:
        try:
            check_key(key)
        except (KeyNameRejected, KvRefused) as refusal:
            raise UserError(refusal.text) from None
        return f"{self._path}/values/{segment(key)}"


@contextmanager
def _after(count: int, done: str) -> Iterator[None]:
    try:
        yield
    except CloudflareApiError as failure:
        if not count:
            raise
        raise UserError(f"{failure.message}\nThe first {count:,} of the file are {done}.") from failure


def _parts(items: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def _expiry(options: PutOptions) -> dict[str, int | None]:
    return {"expiration": options.expiration_s, "expiration_ttl": options.expiration_ttl_s}


def _shown(pair: Pair) -> dict[str, Any]:
    item: dict[str, Any] = {"key": pair.key}
    try:
        item["value"] = pair.value.decode()
    except UnicodeDecodeError:
        item |= {"value": base64.b64encode(pair.value).decode(), "base64": True}
    if pair.options.metadata_json is not None:
        item["metadata"] = json.loads(pair.options.metadata_json)
    return item | {name: seconds for name, seconds in _expiry(pair.options).items() if seconds is not None}


def _listed(key: dict[str, Any]) -> ListedKey:
    expiration_s, metadata = key.get("expiration"), key.get("metadata")
    return ListedKey(
        key["name"],
        None if expiration_s is None else int(expiration_s) * 1000,
        None if metadata is None else json.dumps(metadata, ensure_ascii=False, separators=(",", ":")),
    )


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
