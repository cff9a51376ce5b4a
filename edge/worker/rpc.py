"""What crosses between Workers and Durable Objects by RPC: copies of data, stubs for functions.

Sources: spec durable-objects.md section 2; recorded: durable_rpc `echo_types`, `functions_over_rpc`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edge.http.blob import Blob
from edge.http.headers import Headers
from edge.http.request import Request
from edge.http.response import Response
from edge.http.streams import ReadableStream, WritableStream
from edge.js.clone_errors import refuse_rpc
from edge.js.errors import JsException, error
from edge.js.functions import JsDoubleProxy, JsFunction
from edge.js.objects import JsArray
from edge.js.promise import JsPromise
from edge.js.proxy import JsNull, JsProxy
from edge.js.python_error import call_back
from edge.js.v8 import deserialize, serialize
from edge.js.v8_format import varint
from edge.js.v8_write import text_bytes
from edge.worker.fetcher import Fetcher, RpcStub

SIZE_MAX_BYTES = 32 << 20
_BY_REFERENCE = (Request, Response, Headers, ReadableStream, WritableStream, Fetcher, RpcStub)
_TEXT_SURELY_SMALL = 1 << 20
_FLAGS = frozenset({"durableObjectId", "overloaded", "retryable"})


def transfer_args(args: Sequence[Any]) -> Sequence[Any]:
    """The arguments as the other side receives them. Raises DataCloneError for what cannot cross and
    Error beyond 32 MiB."""
    if all(_is_small(value) for value in args):
        return args
    copied: JsArray = _copy(JsArray(list(args)))
    return copied._items


def transfer_result(value: Any) -> Any:
    """A return value as the caller receives it; raises as `transfer_args`."""
    return value if _is_small(value) else _copy(value)


def _is_small(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) < _TEXT_SURELY_SMALL
    return value is None or isinstance(value, (int, float, JsNull))


def _goes_by_reference(value: Any) -> bool:
    # A File is refused, though it is a Blob: it would arrive without its name.
    return isinstance(value, _BY_REFERENCE) or type(value) is Blob


def _copy(value: Any) -> Any:
    if _goes_by_reference(value):
        return value
    passengers = _Passengers()
    data = serialize(value, host=passengers)
    size_bytes = len(data) + passengers.text_bytes
    if size_bytes > SIZE_MAX_BYTES:
        raise error(
            "Serialized RPC arguments or return values are limited to 32MiB, but the size of this value "
            f"was: {size_bytes} bytes."
        )
    return deserialize(data, host=passengers)


class _Passengers:
    """The values of one message that are not data: they travel beside the bytes. So do long texts, which
    nobody can change: their copy would be the same."""

    __slots__ = ("_aboard", "text_bytes")

    carries_texts = True

    def __init__(self) -> None:
        self._aboard: list[Any] = []
        self.text_bytes = 0

    def dehydrate(self, value: Any) -> int:
        if isinstance(value, str):
            # Its bytes and their number, in the place of its own number: what a copy would have taken.
            length = text_bytes(value) or 0
            self.text_bytes += length + len(varint(length)) - len(varint(len(self._aboard)))
            self._aboard.append(value)
        elif _goes_by_reference(value):
            self._aboard.append(value)
        elif callable(value) and (
            not isinstance(value, JsProxy) or isinstance(value, JsDoubleProxy | JsFunction)
        ):
            self._aboard.append(function_stub(value))
        else:
            raise refuse_rpc(value)
        return len(self._aboard) - 1

    def hydrate(self, number: int) -> Any:
        return self._aboard[number]


def function_stub(function: Any) -> RpcStub:
    """A stub that calls `function` where it lives."""
    return RpcStub(lambda args: JsPromise.start(_call_back(function, transfer_args(args)), name="rpc stub"))


async def _call_back(function: Any, args: Sequence[Any]) -> Any:
    try:
        return transfer_result(await call_back(function, *args))
    except JsException as failure:
        raise remote_error(failure) from None


def remote_error(failure: JsException) -> JsException:
    """A callee's error as its caller gets it: a copy marked `remote`, without the callee's frames. An
    error that ended the object is the platform's, not the method's, and arrives as it is."""
    if getattr(failure, "durableObjectReset", False):
        return failure
    copy = JsException(
        failure.name, failure.message, **{k: v for k, v in vars(failure).items() if k in _FLAGS}
    )
    copy.remote = True
    return copy
