"""Wrappers of bindings: method calls convert their arguments and results.

The class names begin with an underscore because Workers see them (`_BindingWrapper`), in error texts too.
Attributes are looked up once for each wrapper, as in the real SDK (so `bodyUsed` of a wrapped object
stays what it was at first).

Source: spec python-workers.md section 3 with its corrections.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from edge.js.objects import JsObject
from edge.js.promise import JsPromise
from edge.js.proxy import JsProxy, jsnull
from wrangler_compat.modules.sdk.fetch import fetch_through
from wrangler_compat.modules.sdk.response import ACCEPTED
from wrangler_compat.modules.sdk.values import Wrapped, js_class, python_from_rpc, python_to_rpc

#: JavaScript classes that are never wrapped: they are passed on to `Response` as they are.
PASSTHROUGH = ACCEPTED | {"Headers"}


def convert_call(args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    """Arguments of a JavaScript call; keyword arguments are one trailing options object."""
    converted = [python_to_rpc(arg) for arg in args]
    if kwargs:
        converted.append(JsObject({name: python_to_rpc(value) for name, value in kwargs.items()}))
    return converted


def _once(cls: Any, binding: Any) -> Any:
    # `W(W(x)) is W(x)`; the __init__ that follows must do nothing when it gets itself.
    return binding if isinstance(binding, cls) else object.__new__(cls)


class _BindingWrapper(Wrapped):
    """A binding, or an object that one of its methods gave."""

    __module__ = "workers.rpc"
    __new__ = _once  # type: ignore[assignment]

    def __init__(self, binding: Any) -> None:
        if binding is not self:
            self._binding = binding

    def __getattr__(self, name: str) -> Any:
        if name == "_binding":  # not initialised: no proxy to ask, and asking would come back here
            raise AttributeError(name)
        attribute = getattr(self._binding, name)
        found = self._method(attribute) if callable(attribute) else self._convert_result(attribute)
        self.__dict__[name] = found
        return found

    def _method(self, function: Callable[..., Any]) -> Callable[..., Any]:
        settle, convert_result = self._settle, self._convert_result

        def method(*args: Any, **kwargs: Any) -> Any:
            result = function(*convert_call(args, kwargs))
            return settle(result) if isinstance(result, JsPromise) else convert_result(result)

        return method

    async def _settle(self, promise: JsPromise) -> Any:
        return self._convert_result(await promise)

    def _convert_result(self, result: Any) -> Any:
        converted = python_from_rpc(result)
        if isinstance(converted, JsProxy):
            return self._wrap(converted)
        if type(converted) is list:
            return [self._wrap(item) if isinstance(item, JsProxy) else item for item in converted]
        return converted

    def _wrap(self, value: JsProxy) -> Any:
        """Objects without a Python form stay wrapped, so that their methods convert as well."""
        if js_class(value) in PASSTHROUGH:
            return value
        # A function or RpcTarget from afar can always be called; the other side may refuse.
        return _RpcStubWrapper(value) if callable(value) else type(self)(value)

    def __getitem__(self, key: Any) -> Any:
        found = self._binding[key] if isinstance(key, int) else getattr(self._binding, key)
        return self._convert_result(found)

    def __iter__(self) -> Iterator[Any]:
        if not hasattr(self._binding, "__iter__"):
            raise TypeError(f"'{self._real_name}' object is not iterable")
        for item in self._binding:
            yield self._convert_result(item)

    def __bool__(self) -> bool:
        return self._binding is not None

    def __len__(self) -> int:
        length = getattr(self._binding, "length", None)
        if not isinstance(length, int):  # any attribute of a remote object "exists"
            raise TypeError(f"'{self._real_name}' object has no len()")
        return length

    @property
    def _real_name(self) -> str:
        return js_class(self._binding) or type(self).__name__


class _RpcStubWrapper(_BindingWrapper):
    """A function or RpcTarget received over RPC."""

    __module__ = "workers.rpc"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._method(self._binding)(*args, **kwargs)


class _FetcherWrapper(_BindingWrapper):
    """A service binding or Durable Object stub: `fetch`, and every other name as an RPC method."""

    __module__ = "workers.rpc"

    def fetch(self, *args: Any, **kwargs: Any) -> Any:
        return fetch_through(self._binding)(*args, **kwargs)


class _DurableObjectNamespaceWrapper(Wrapped):
    """A Durable Object namespace: stubs are wrapped, ids stay JavaScript objects."""

    __module__ = "workers.rpc"

    def __init__(self, binding: Any) -> None:
        self._binding = binding

    def __getattr__(self, name: str) -> Any:
        return getattr(self._binding, name)

    def get(self, *args: Any, **kwargs: Any) -> _FetcherWrapper:
        return _stub(self._binding.get(*_with_options(args, kwargs)))

    def getByName(self, *args: Any, **kwargs: Any) -> _FetcherWrapper:
        return _stub(self._binding.getByName(*_with_options(args, kwargs)))

    def jurisdiction(self, *args: Any, **kwargs: Any) -> _DurableObjectNamespaceWrapper:
        return _DurableObjectNamespaceWrapper(self._binding.jurisdiction(*_with_options(args, kwargs)))


def _stub(binding: Any) -> _FetcherWrapper:
    stub: _FetcherWrapper = _FetcherWrapper(binding)
    return stub


def _with_options(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    return (*args, JsObject(kwargs)) if kwargs else args


def none_if_null(value: Any) -> Any:
    return None if value is jsnull else value
