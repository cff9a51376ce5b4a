"""`env`: bindings by name, wrapped by the kind of JavaScript object they are (spec section 3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from edge.js.proxy import JsProxy
from wrangler_compat.modules.sdk.bindings import (
    _BindingWrapper,
    _DurableObjectNamespaceWrapper,
    _FetcherWrapper,
    _once,
)
from wrangler_compat.modules.sdk.values import js_class
from wrangler_compat.modules.sdk.workflows import _WorkflowBindingWrapper

_GENERIC = (
    "KvNamespace R2Bucket D1Database WorkerQueue Ai VectorizeIndexImpl AnalyticsEngine AnalyticsEngineDataset"
    " LocalAnalyticsEngineDataset ImagesBindingImpl HostedImagesBindingImpl Ratelimit"
)
_WRAPPERS: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(_GENERIC.split(), _BindingWrapper),
    "Fetcher": _FetcherWrapper,
    "DurableObjectNamespace": _DurableObjectNamespaceWrapper,
    "WorkflowImpl": _WorkflowBindingWrapper,
}


class _EnvWrapper:
    """The environment as Python sees it: products are wrapped, everything else is as JavaScript has it.

    Raises AttributeError with the name alone for a binding that is not there.
    """

    __module__ = "workers.rpc"
    __new__ = _once  # type: ignore[assignment]

    def __init__(self, env: Any) -> None:
        if env is not self:
            self._env = env

    def __getattr__(self, name: str) -> Any:
        if name == "_env":  # not initialised: no environment to ask
            raise AttributeError(name)
        found = self._wrap(getattr(self._env, name))
        self.__dict__[name] = found
        return found

    def _filled(self) -> _EnvWrapper:
        """With all bindings looked up."""
        self.__dict__.update({name: self._wrap(binding) for name, binding in self._env._own_items()})
        return self

    def _copied(self) -> _EnvWrapper:
        """Another wrapper of the same env, with what was looked up so far."""
        copy: _EnvWrapper = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        return copy

    def _wrap(self, binding: Any) -> Any:
        wrap = _WRAPPERS.get(js_class(binding) or "")
        return binding if wrap is None else wrap(binding)


class CurrentEnv(JsProxy, js_name="Object"):
    """`cloudflare:workers`' env: the Worker's, with what `patch_env` lays over it."""

    __slots__ = ("_env", "_patch")

    def __init__(self, env: Any) -> None:
        self._env = env
        self._patch: ContextVar[Mapping[str, Any]] = ContextVar("patched_env", default={})  # noqa: B039

    def __getattr__(self, name: str) -> Any:
        patch = self._patch.get()
        return patch[name] if name in patch else getattr(self._env, name)

    def _own_items(self) -> list[tuple[str, Any]]:
        return list({**dict(self._env._own_items()), **self._patch.get()}.items())

    @contextmanager
    def _patched(self, values: Mapping[str, Any]) -> Iterator[None]:
        token = self._patch.set({**self._patch.get(), **values})
        try:
            yield
        finally:
            self._patch.reset(token)
