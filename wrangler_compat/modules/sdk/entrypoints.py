"""The classes that Workers are made of (spec python-workers.md sections 2.1 to 2.3).

What is given to `__init__` is wrapped where the class is defined: only a class with an `__init__` of its
own is touched, and wrapping what is wrapped changes nothing.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from edge.durable.events import Aborted
from edge.http.request import Request as JsRequest
from wrangler_compat.modules.sdk.bindings import _BindingWrapper, _once
from wrangler_compat.modules.sdk.env import _EnvWrapper
from wrangler_compat.modules.sdk.request import Request
from wrangler_compat.modules.sdk.values import js_class, python_from_rpc, python_to_rpc


class DurableObjectAbort(Aborted):
    """Ends the code that called `ctx.abort()`; `except Exception` does not catch it."""

    __module__ = "workers.entrypoints"


class DurableObjectContext:
    """`self.ctx` of a Durable Object: the JavaScript state with a converting `storage`."""

    __module__ = "workers.entrypoints"
    __new__ = _once  # type: ignore[assignment]

    def __init__(self, ctx: Any) -> None:
        if ctx is not self:
            self._ctx = ctx

    def __getattr__(self, name: str) -> Any:
        if name == "_ctx":  # not initialised: no state to ask
            raise AttributeError(name)
        found = getattr(self._ctx, name)
        if js_class(found) == "DurableObjectStorage":
            found = _BindingWrapper(found)
        self.__dict__[name] = found
        return found

    def abort(self, reason: str | None = None) -> None:
        """Throw this instance away: callers get `reason` as their error. Does not return."""
        # At once, before the writes of this turn are committed: they are lost, as on the platform.
        try:
            self._ctx.abort(*(() if reason is None else (reason,)))
        except Aborted as ended:
            raise DurableObjectAbort(reason or "Durable Object abort requested") from ended


Wrap = Callable[[Any], Any]


def wrap_init(cls: type, wrap_ctx: Wrap, wrap_env: Wrap) -> None:
    """Make a class's own `__init__` get wrapped `ctx` and `env`."""
    init = cls.__dict__.get("__init__")
    if init is None:
        return

    @functools.wraps(init)
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> None:
        if len(args) == 2:
            init(self, wrap_ctx(args[0]), wrap_env(args[1]), **kwargs)
        elif len(args) > 2:
            init(self, wrap_ctx(args[0]), wrap_env(args[1]), *args[2:], **kwargs)
        else:
            init(self, *map(wrap_ctx, args), **kwargs)

    cls.__init__ = wrapped  # type: ignore[misc]


def _wrap_queue(cls: type) -> None:
    handler = getattr(cls, "queue", None)
    if handler is None:
        return

    @functools.wraps(handler)
    async def queue(self: Any, batch: Any, *args: Any, **kwargs: Any) -> Any:
        result = handler(self, _BindingWrapper(batch), *args, **kwargs)
        return await result if inspect.iscoroutine(result) else result

    cls.queue = queue  # type: ignore[attr-defined]


def _same(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class Sdk:
    """How the entrypoints of one generation of the SDK exchange values with JavaScript."""

    from_rpc: Callable[[Any], Any]
    to_rpc: Callable[[Any], Any]
    request_class: type[Request]
    #: Whether classes may call their handlers `on_fetch` and so on.
    old_handler_names: bool = False


class Entrypoint:
    """What the three base classes share; not exported."""

    _sdk_: ClassVar[Sdk] = Sdk(python_from_rpc, python_to_rpc, Request)

    ctx: Any
    env: Any

    def __init__(self, ctx: Any, env: Any) -> None:
        self.ctx = ctx
        self.env = env


class WorkerEntrypoint(Entrypoint):
    """Base of entrypoints; the subclass `Default` answers requests. One instance for each event."""

    __module__ = "workers.entrypoints"

    def __init__(self, ctx: Any, env: Any) -> None:
        self.ctx = ctx
        self.env = _EnvWrapper(env)

    _is_sdk_base = True

    def __init_subclass__(cls, **_options: Any) -> None:
        wrap_init(cls, _same, _EnvWrapper)
        _wrap_queue(cls)


class DurableObject(Entrypoint):
    """Base of Durable Objects."""

    __module__ = "workers.entrypoints"

    def __init__(self, ctx: Any, env: Any) -> None:
        self.ctx = DurableObjectContext(ctx)
        self.env = _EnvWrapper(env)

    _is_sdk_base = True

    def __init_subclass__(cls, **_options: Any) -> None:
        wrap_init(cls, DurableObjectContext, _EnvWrapper)


class WorkflowEntrypoint(Entrypoint):
    """Base of Workflows. Defining one is possible, running it is not (see `workflows`)."""

    __module__ = "workers.entrypoints"

    def __init__(self, ctx: Any, env: Any) -> None:
        self.ctx = ctx
        self.env = _EnvWrapper(env)

    _is_sdk_base = True

    def __init_subclass__(cls, **_options: Any) -> None:
        wrap_init(cls, _same, _EnvWrapper)


def make_handler(wrap_env: Wrap, request_class: type[Request] = Request) -> Callable[..., Any]:
    """The decorator `handler` for handlers of the old style: a JavaScript request becomes a Request,
    env is wrapped."""

    def handler(func: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(func)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            converted = list(args)
            if args and isinstance(args[0], JsRequest):
                converted[0] = request_class(args[0])
            if len(args) > 1:
                converted[1] = wrap_env(args[1])
            return func(*converted, **kwargs)

        return wrapped

    return handler
