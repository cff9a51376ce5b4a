"""The SDK that was part of the runtime before 2026-04-21: most bindings are raw JavaScript objects.

Source: spec python-workers.md section 1, "Frozen SDK differences"; recordings `compat_old.json`.
"""

from __future__ import annotations

import functools
from types import FunctionType, SimpleNamespace
from typing import Any, ClassVar

from edge.js.collections import JsMap
from edge.js.objects import JsArray
from edge.js.promise import JsPromise
from edge.js.proxy import JsBigInt
from wrangler_compat.modules.sdk.bindings import _DurableObjectNamespaceWrapper, _with_options
from wrangler_compat.modules.sdk.entrypoints import Entrypoint, Sdk, _same, wrap_init
from wrangler_compat.modules.sdk.env import _EnvWrapper
from wrangler_compat.modules.sdk.fetch import fetch_through
from wrangler_compat.modules.sdk.headers import to_message_splitting_commas
from wrangler_compat.modules.sdk.request import Request
from wrangler_compat.modules.sdk.values import Wrapped, js_class, python_from_rpc, python_to_rpc
from wrangler_compat.modules.sdk.workflows import _WorkflowBindingWrapper


class _AnyRequest(type):
    """To `isinstance`, requests that came by RPC are requests too; they are of the base class."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Request)


class CommaSplittingRequest(Request, metaclass=_AnyRequest):
    """Request before 2026-02-17: header values are split at commas."""

    __module__ = "workers._workers"

    @property
    def headers(self) -> Any:
        return to_message_splitting_commas(self._js_request.headers)


CommaSplittingRequest.__name__ = CommaSplittingRequest.__qualname__ = "Request"


def legacy_to_rpc(value: Any) -> Any:
    """`python_to_rpc` of the old SDK: functions are refused, None stays undefined, a dict is a Map (so
    that its keys keep their types)."""
    if value is None:
        return None
    if isinstance(value, dict):
        return JsMap((legacy_to_rpc(key), legacy_to_rpc(item)) for key, item in value.items())
    if type(value) is list:
        return JsArray([legacy_to_rpc(item) for item in value])
    if isinstance(value, FunctionType):
        raise TypeError(f"{type(value)} cannot be sent over RPC.")
    return python_to_rpc(value)


def legacy_from_rpc(value: Any) -> Any:
    """`python_from_rpc` of the old SDK: plain dicts and ints."""
    return _plain(python_from_rpc(value))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return int(value) if type(value) is JsBigInt else value


class _FetcherWrapper(Wrapped):
    """A service binding or Durable Object stub; results are converted, and not wrapped again."""

    __module__ = "workers._workers"

    def __init__(self, binding: Any) -> None:
        self._binding = binding

    def __getattr__(self, name: str) -> Any:
        if name == "_binding":  # not initialised: no proxy to ask
            raise AttributeError(name)
        attribute = getattr(self._binding, name)
        found = _method(attribute) if callable(attribute) else attribute
        self.__dict__[name] = found
        return found

    def fetch(self, *args: Any, **kwargs: Any) -> Any:
        return fetch_through(self._binding)(*args, **kwargs)


def _method(function: Any) -> Any:
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        options = {name: legacy_to_rpc(value) for name, value in kwargs.items()}
        result = function(*_with_options(tuple(map(legacy_to_rpc, args)), options))
        return legacy_from_rpc(await result if isinstance(result, JsPromise) else result)

    return wrapper


class _NamespaceWrapper(_DurableObjectNamespaceWrapper):
    __module__ = "workers._workers"

    def get(self, *args: Any, **kwargs: Any) -> Any:
        return _FetcherWrapper(self._binding.get(*_with_options(args, kwargs)))

    def getByName(self, *args: Any, **kwargs: Any) -> Any:
        return _FetcherWrapper(self._binding.getByName(*_with_options(args, kwargs)))


_WRAPPERS: dict[str, Any] = {
    "Fetcher": _FetcherWrapper,
    "DurableObjectNamespace": _NamespaceWrapper,
    "WorkflowImpl": _WorkflowBindingWrapper,
}


class LegacyEnvWrapper(_EnvWrapper):
    """`env` in which only fetchers, Durable Object namespaces and Workflows are wrapped."""

    __module__ = "workers._workers"

    def _wrap(self, binding: Any) -> Any:
        wrap = _WRAPPERS.get(js_class(binding) or "")
        return binding if wrap is None else wrap(binding)


LegacyEnvWrapper.__name__ = LegacyEnvWrapper.__qualname__ = "_EnvWrapper"


class LegacyEntrypoint(Entrypoint):
    """`ctx` stays raw, also the storage of a Durable Object; env is the old SDK's."""

    __module__ = "workers._workers"
    _sdk_: ClassVar[Sdk] = Sdk(legacy_from_rpc, legacy_to_rpc, Request, True)

    def __init__(self, ctx: Any, env: Any) -> None:
        self.ctx = ctx
        self.env = LegacyEnvWrapper(env)

    def __init_subclass__(cls, **_options: Any) -> None:
        wrap_init(cls, _same, LegacyEnvWrapper)


class WorkerEntrypoint(LegacyEntrypoint):
    """Base of entrypoints."""

    __module__ = "workers._workers"
    _is_sdk_base = True


class DurableObject(LegacyEntrypoint):
    """Base of Durable Objects."""

    __module__ = "workers._workers"
    _is_sdk_base = True


class WorkflowEntrypoint(LegacyEntrypoint):
    """Base of Workflows; running one is not possible (see `workflows`)."""

    __module__ = "workers._workers"
    _is_sdk_base = True


_BASES = (WorkerEntrypoint, DurableObject, WorkflowEntrypoint)


@functools.cache
def classes(request_class: type[Request]) -> SimpleNamespace:
    """The three base classes for Workers that get `request_class`."""
    if request_class is Request:
        return SimpleNamespace(**{base.__name__: base for base in _BASES})
    sdk = Sdk(legacy_from_rpc, legacy_to_rpc, request_class, True)
    names = {"_sdk_": sdk, "_is_sdk_base": True, "__module__": "workers._workers"}
    return SimpleNamespace(**{base.__name__: type(base.__name__, (base,), dict(names)) for base in _BASES})
