"""What a Worker holds to call another Worker or a Durable Object: `fetch`, and any other name by RPC.

Sources: spec durable-objects.md section 2, runtime.md section 8, corrections (python-workers 2.1).
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from edge.http.request import Request
from edge.http.response import Response
from edge.http.subrequests import spend
from edge.js.errors import JsException, type_error
from edge.js.functions import JsFunction
from edge.js.objects import JsObject
from edge.js.promise import JsPromise
from edge.js.proxy import JsProxy
from edge.js.webidl import wrong_type

RESERVED = frozenset(
    {
        "alarm",
        "connect",
        "constructor",
        "dup",
        "fetch",
        "webSocketClose",
        "webSocketError",
        "webSocketMessage",
    }
)
#: Members of every entrypoint that are never offered to callers.
HIDDEN = frozenset({"ctx", "env"})


class RpcStub(JsProxy, js_name="RpcStub"):
    """A remote value that can be called: a method taken from a stub, or a function passed over RPC."""

    __slots__ = ("_call",)

    def __init__(self, call: Any) -> None:
        self._call = call

    @property
    def typeof(self) -> str:
        return "function"

    def __call__(self, *args: Any, **options: Any) -> JsPromise:
        return self._call(_with_options(args, options))  # type: ignore[no-any-return]

    def dup(self) -> RpcStub:
        return RpcStub(self._call)


class RpcMethod(JsProxy, js_name="RpcProperty"):
    """`stub.name`: call it, or await it to hold the remote member itself."""

    __slots__ = ("_name", "_target")

    def __init__(self, target: Fetcher, name: str) -> None:
        self._target = target
        self._name = name

    @property
    def typeof(self) -> str:
        return "function"

    def __call__(self, *args: Any, **options: Any) -> JsPromise:
        return self._target._call(self._name, _with_options(args, options))

    def __await__(self) -> Generator[Any, Any, RpcStub]:
        target, name = self._target, self._name
        return _settled(RpcStub(lambda args: target._call(name, args)))


class Fetcher(JsProxy, js_name="Fetcher"):
    """Base of service bindings and Durable Object stubs; subclasses deliver."""

    __slots__ = ()

    async def _fetch(self, request: Request) -> Response:
        """Deliver a request."""
        raise NotImplementedError

    async def _rpc(self, method: str, args: Sequence[Any]) -> Any:
        """Deliver a method call; arguments and result are JavaScript values of the caller's side."""
        raise NotImplementedError

    def fetch(self, *args: Any, **options: Any) -> JsPromise:
        given = _with_options(args, options)
        if not given:
            return JsPromise.rejected(wrong_type("fetch", "Fetcher", 1, "Request or string"))
        try:
            request = as_request(*given[:2])
        except JsException as error:
            return JsPromise.rejected(error)
        return self._start_fetch(request)

    def _start_fetch(self, request: Request) -> JsPromise:
        return JsPromise.start(self._fetch_from(request), name=f"fetch {request.url}")

    def _start_rpc(self, method: str, args: Sequence[Any]) -> JsPromise:
        return JsPromise.start(self._rpc_from(method, args), name=f"rpc {method}")

    async def _fetch_from(self, request: Request) -> Response:
        spend()
        response = await self._fetch(request)
        response.url = request.url
        return response

    async def _rpc_from(self, method: str, args: Sequence[Any]) -> Any:
        spend()
        return await self._rpc(method, args)

    def connect(self, *args: Any) -> Any:
        if not args:
            raise wrong_type("connect", "Fetcher", 1, "SocketAddress or string")
        raise type_error("connect() to a Worker is not emulated (docs/limitations.md).")

    @property
    def constructor(self) -> Any:
        return JsFunction(_illegal_constructor, name=type(self).js_name)

    def hasOwnProperty(self, name: Any = None) -> bool:
        return False

    def __getattr__(self, name: str) -> Any:
        # Every other name is a remote method, except what Python and promises look for on any object.
        if name == "then" or (name.startswith("__") and name.endswith("__")):
            raise AttributeError(name)
        return RpcMethod(self, name)

    def _call(self, method: str, args: Sequence[Any]) -> JsPromise:
        if method in RESERVED:
            return JsPromise.rejected(
                type_error(f"'{method}' is a reserved method and cannot be called over RPC.")
            )
        if method in HIDDEN:
            return JsPromise.rejected(
                type_error(f'The RPC receiver does not implement the method "{method}".')
            )
        return self._start_rpc(method, args)


def as_request(resource: Any, init: Any = None) -> Request:
    """The Request that `fetch(resource, init)` sends. Raises the TypeErrors of `new Request`."""
    if isinstance(resource, Request) and init is None:
        return resource
    return Request.js_new(resource) if init is None else Request.js_new(resource, init)


def _with_options(args: Sequence[Any], options: dict[str, Any]) -> Sequence[Any]:
    # Pyodide hands keyword arguments of a JavaScript call over as one trailing object.
    return (*args, JsObject(options)) if options else args


def _illegal_constructor(*_args: Any) -> Any:
    raise type_error("Illegal constructor")


def _settled(value: Any) -> Generator[Any, Any, Any]:
    return value
    yield
