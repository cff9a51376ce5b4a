"""`crypto`: random values from the world's streams, digests, constant-time comparison.

Keys (`importKey`, `sign`, `encrypt`, …) are not emulated: Python Workers have `hmac` and packages.

Source: Web Cryptography API, workerd `api/crypto`.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any, Protocol

from edge.errors import UnsupportedError
from edge.js.buffers import JsArrayBuffer, JsBuffer
from edge.js.builtins.objects import members
from edge.js.errors import JsException, type_error
from edge.js.functions import JsFunction
from edge.js.objects import JsObject, get_property
from edge.js.promise import JsPromise
from edge.js.typed_arrays import JsDataView, JsTypedArray
from edge.js.webidl import to_string

_STREAM = "js.crypto"
_HASHES = {"SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512", "MD5": "md5"}
_MISSING = (
    "decrypt",
    "deriveBits",
    "deriveKey",
    "encrypt",
    "exportKey",
    "generateKey",
    "importKey",
    "sign",
    "unwrapKey",
    "verify",
    "wrapKey",
)


class Draws(Protocol):
    """One stream of random numbers."""

    def random(self) -> float:
        """A number from 0 up to 1."""
        ...


class Randomness(Protocol):
    """Labelled random streams, as `edge.kernel.random.RandomStreams` gives them."""

    def stream(self, label: str) -> Draws: ...

    def bytes(self, label: str, count: int) -> bytes: ...

    def uuid(self, label: str) -> str: ...


def _digest(algorithm: Any = None, data: Any = None, *_: Any) -> JsPromise:
    name = algorithm if isinstance(algorithm, str) else get_property(algorithm, "name")
    function = _HASHES.get(to_string(name).upper())
    if function is None:
        return JsPromise.rejected(
            JsException("NotSupportedError", f'Unrecognized or unimplemented digest algorithm "{name}".')
        )
    if not isinstance(data, JsBuffer):
        raise type_error(
            "Failed to execute 'digest' on 'SubtleCrypto': parameter 2 is not of type 'ArrayBuffer or "
            "ArrayBufferView'."
        )
    return JsPromise.resolved(JsArrayBuffer(hashlib.new(function, data._bytes()).digest()))


def _timing_safe_equal(left: Any, right: Any) -> bool:
    if not isinstance(left, JsBuffer) or not isinstance(right, JsBuffer):
        raise type_error("timingSafeEqual needs two buffers")
    first, second = left._bytes(), right._bytes()
    if len(first) != len(second):
        raise type_error("Input buffers must have the same byte length")
    return hmac.compare_digest(first, second)


def _not_emulated(name: str) -> JsFunction:
    def refuse(*_: Any) -> Any:
        raise UnsupportedError(f"crypto.subtle.{name} is not emulated: use Python's hmac or hashlib")

    return JsFunction(refuse, name)


def crypto_object(random: Randomness) -> JsObject:
    """`crypto`, drawing from the stream `js.crypto`."""

    def get_random_values(array: Any = None) -> Any:
        if not isinstance(array, JsTypedArray) or array._code in "efd" or isinstance(array, JsDataView):
            raise JsException(
                "TypeMismatchError",
                "ArrayBufferView argument to getRandomValues() must be an integer-typed view.",
            )
        if array.byteLength > 65536:
            raise JsException(
                "QuotaExceededError",
                "getRandomValues() only accepts buffers of size <= 64K but provided "
                f"{array.byteLength} bytes.",
            )
        array._view()[:] = random.bytes(_STREAM, array.byteLength)
        return array

    subtle = JsObject(
        {
            **members(digest=_digest, timingSafeEqual=_timing_safe_equal),
            **{name: _not_emulated(name) for name in _MISSING},
        }
    )
    functions = members(randomUUID=lambda: random.uuid(_STREAM), getRandomValues=get_random_values)
    return JsObject({**functions, "subtle": subtle})
