"""Ids of Durable Objects: 32 bytes, of which the last 16 prove the namespace.

An id is what a namespace's key makes of a name, or of 16 random bytes. The second half is a MAC over the
first, so an id of another namespace is recognised without asking anybody. `wrangler dev` derives the same
ids and names the files after them.

Sources: spec durable-objects.md section 1, wrangler.md section 5.2; recording `ids`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Any

from edge.http.buffers import encode_text
from edge.js.errors import type_error
from edge.js.functions import js_method
from edge.js.proxy import JsProxy
from edge.js.webidl import wrong_type

_HEX_ID = re.compile(r"[0-9a-fA-F]{64}")
_NOT_HEX = "Invalid Durable Object ID: must be 64 hex digits"
_OTHER_NAMESPACE = "Durable Object ID is not valid for this namespace."
_HALF_BYTES = 16
_KNOWN_MAX = 4096


class DurableObjectId(JsProxy, js_name="DurableObjectId"):
    """An object's id; `name` is undefined unless it was made from one."""

    __slots__ = ("_hex", "_name")

    def __init__(self, hex_id: str, name: str | None = None) -> None:
        assert len(hex_id) == 4 * _HALF_BYTES, hex_id
        self._hex = hex_id
        self._name = name

    @property
    def name(self) -> str | None:
        return self._name

    def toString(self) -> str:
        return self._hex

    def __str__(self) -> str:
        return self._hex

    __repr__ = __str__

    @js_method
    def equals(self, other: Any = None) -> bool:
        if not isinstance(other, DurableObjectId):
            raise wrong_type("equals", "DurableObjectId", 1, "DurableObjectId")
        return other._hex == self._hex


class IdFactory:
    """Makes and checks the ids of one namespace."""

    __slots__ = ("_key", "_known")

    def __init__(self, unique_key: str) -> None:
        """`unique_key` is `<worker>-<Class>`."""
        self._key = hashlib.sha256(unique_key.encode()).digest()
        self._known: dict[str, str] = {}  # Workers ask for the same names over and over

    def from_name(self, name: str) -> DurableObjectId:
        found = self._known.get(name)
        if found is None:
            if len(self._known) >= _KNOWN_MAX:
                self._known.clear()
            found = self._known[name] = self._complete(self._mac(encode_text(name)))
        return DurableObjectId(found, name)

    def unique(self, random_bytes: bytes) -> DurableObjectId:
        """The id that 16 random bytes give."""
        assert len(random_bytes) == _HALF_BYTES, len(random_bytes)
        return DurableObjectId(self._complete(random_bytes))

    def from_string(self, text: str) -> DurableObjectId:
        """Raises TypeError for what is no id, or one of another namespace."""
        if _HEX_ID.fullmatch(text) is None:
            raise type_error(_NOT_HEX)
        hex_id = text.lower()
        if not self.owns(hex_id):
            raise type_error(_OTHER_NAMESPACE)
        return DurableObjectId(hex_id)

    def require(self, object_id: DurableObjectId) -> None:
        """Raises TypeError for an id of another namespace."""
        if not self.owns(str(object_id)):
            raise type_error(_OTHER_NAMESPACE)

    def owns(self, hex_id: str) -> bool:
        """Whether this namespace made the id."""
        first = bytes.fromhex(hex_id)[:_HALF_BYTES]
        return hmac.compare_digest(self._complete(first), hex_id)

    def _complete(self, first: bytes) -> str:
        return (first + self._mac(first)).hex()

    def _mac(self, data: bytes) -> bytes:
        return hmac.digest(self._key, data, "sha256")[:_HALF_BYTES]
