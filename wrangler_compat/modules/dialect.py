"""The language side of Python Workers: how entrypoints are made and called.

Source: spec python-workers.md section 2.2 with its corrections.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any
from weakref import WeakKeyDictionary

from edge.config import WorkerConfig
from edge.durable.events import Aborted
from edge.http.fetch import fetch as js_fetch
from edge.http.request import Request as JsRequest
from edge.js.errors import HungWorker, error, type_error
from edge.js.python_error import python_error
from edge.js.suspension import suspendable
from edge.worker.dialect import Exports
from edge.worker.modules import Provided
from wrangler_compat.modules.bundled import BUNDLED
from wrangler_compat.modules.discovery import find_exports
from wrangler_compat.modules.package import build_package
from wrangler_compat.modules.platform import platform_modules
from wrangler_compat.modules.profile import Profile
from wrangler_compat.modules.sdk.env import _EnvWrapper
from wrangler_compat.modules.sdk.legacy import LegacyEnvWrapper
from wrangler_compat.modules.sdk.response import FetchResponse, Response
from wrangler_compat.modules.waiting import mentions_waiting

#: Handlers that get no more arguments than they declare.
_RELAXED = frozenset({"fetch", "alarm", "test", "webSocketMessage", "webSocketClose", "webSocketError"})
#: Handlers that get what the runtime passes, unconverted; what they return is dropped.
_STRICT = frozenset({"scheduled", "queue", "trace", "tail", "email"})
_HANDLERS = _RELAXED | _STRICT
_LIMITLESS = 1 << 30
#: What ends the code without being its error: also an object that was thrown away.
_PASSING = (asyncio.CancelledError, GeneratorExit, KeyboardInterrupt, Aborted)


class PythonDialect:
    """Runs Workers written in Python."""

    def __init__(self) -> None:
        self._capacities: WeakKeyDictionary[Any, int] = WeakKeyDictionary()
        #: Whether a Worker has looked at `run_sync`: its calls then run where they can be suspended,
        #: which costs about as much as a plain request.
        self._suspends = False
        #: For each Worker the env it was loaded with and what instances start from.
        self._environments: dict[str, _EnvWrapper] = {}

    def modules(self, config: WorkerConfig, env: Any) -> Mapping[str, Provided]:
        profile = Profile.of(config)
        wrapper = LegacyEnvWrapper if profile.raw_bindings else _EnvWrapper
        self._environments[config.name] = wrapper(env)._filled()
        return {
            **platform_modules(profile, self._allow_suspension),
            **build_package(profile, env, js_fetch, _no_such_module),
            **BUNDLED,
        }

    def environment(self, worker: str) -> _EnvWrapper:
        """The `env` that an instance of this Worker would get now."""
        return self._environments[worker]._copied()

    def _allow_suspension(self) -> None:
        self._suspends = True

    def exports(self, main: ModuleType, config: WorkerConfig) -> Exports:
        if not self._suspends and config.main is not None and mentions_waiting(config.main):
            self._allow_suspension()
        return find_exports(main, global_handlers=Profile.of(config).global_handlers)

    def construct(self, entrypoint: type, ctx: Any, env: Any) -> object:
        for known in self._environments.values():
            if known._env is env:
                # Its own wrapper for each instance, so that what one sets no other sees, with the
                # bindings wrapped once for all.
                env = known._copied()
                break
        try:
            return entrypoint(ctx, env)
        except _PASSING:
            raise
        except BaseException as failure:
            raise python_error(failure) from failure

    def has_handler(self, target: object, handler: str) -> bool:
        return callable(_find(target, handler))

    async def call(self, target: Any, handler: str, args: Sequence[Any]) -> Any:
        """Call a handler or an RPC method. Raises JsException: TypeError for a method that is not there,
        `PythonError` for whatever the Worker's code raises."""
        function = _find(target, handler)
        if not callable(function):
            raise type_error(f"Method {handler} does not exist")
        work = self._handle if handler in _HANDLERS else self._rpc
        try:
            if self._suspends:
                return await suspendable(work(target, function, handler, args))
            return await work(target, function, handler, args)
        except HungWorker as hung:
            raise error(str(hung)) from None
        except asyncio.CancelledError as failure:
            if _is_being_cancelled():
                raise
            raise python_error(failure) from failure  # of a task that the Worker itself cancelled
        except _PASSING:
            raise
        except BaseException as failure:
            # Also SystemExit and its like: one Worker's exit must not be the server's.
            raise python_error(failure) from failure

    async def _rpc(self, target: Any, function: Callable[..., Any], method: str, args: Sequence[Any]) -> Any:
        sdk = target._sdk_
        result = function(*[sdk.from_rpc(arg) for arg in args])
        if hasattr(result, "__await__"):
            result = await result
        return sdk.to_rpc(result)

    async def _handle(
        self, target: Any, function: Callable[..., Any], handler: str, args: Sequence[Any]
    ) -> Any:
        if handler == "fetch":
            args = self._fetch_args(target, function, args)
        elif handler in _RELAXED or type(target) is dict:
            args = args[: self._capacity(function)]
        result = function(*args)
        if type(result) is not Response and hasattr(result, "__await__"):
            result = await result
        if handler != "fetch":
            return None
        if isinstance(result, FetchResponse):
            return result.js_response
        return result if type(target) is dict else target._sdk_.to_rpc(result)

    def _fetch_args(self, target: Any, function: Callable[..., Any], args: Sequence[Any]) -> Sequence[Any]:
        capacity = self._capacity(function)
        if type(target) is dict:
            return args[:capacity]
        request = args[0]
        if isinstance(request, JsRequest) and not _is_old_style(function):
            request = target._sdk_.request_class(request)
        return (request, None, None)[:capacity]

    def _capacity(self, function: Any) -> int:
        """How many positional arguments a function takes."""
        key = getattr(function, "__func__", function)
        known = self._capacities.get(key)
        if known is None:
            known = self._capacities[key] = _positional(function)
        return known


def _is_being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


def _find(target: Any, handler: str) -> Any:
    """The function behind a handler or method; None when there is none."""
    if type(target) is dict:
        return target.get(handler)
    function = getattr(target, handler, None)
    if function is None and handler in _HANDLERS and target._sdk_.old_handler_names:
        return getattr(target, f"on_{handler}", None)
    return function


def _is_old_style(function: Any) -> bool:
    """Whether it is an `on_fetch` in a class: those get JavaScript's own request."""
    return getattr(function, "__name__", "") == "on_fetch"


def _positional(function: Callable[..., Any]) -> int:
    parameters = inspect.signature(function).parameters.values()
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        return _LIMITLESS
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(parameter.kind in kinds for parameter in parameters)


def _no_such_module(name: str) -> Any:
    raise error(f'No such module "{name}".')
