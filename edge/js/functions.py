"""JavaScript functions and classes as Python calls them.

Python keyword arguments become one trailing object, as Pyodide passes them; numbers take their
JavaScript form. A class is constructed with `.new(...)`, calling it raises what V8 or workerd raise.

Source: Pyodide `JsProxy.__call__`, `JsProxy.new`; recorded: compat_new `jsproxy_access`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, Concatenate, ParamSpec, TypeVar

from edge.js.borrowed import lend, strict_ffi
from edge.js.errors import JsException, type_error
from edge.js.objects import JsObject
from edge.js.proxy import JsClassRef, JsProxy, js_property_name
from edge.js.values import to_js_value

_Self = TypeVar("_Self")
_Args = ParamSpec("_Args")
_T = TypeVar("_T")


def js_arguments(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> list[Any]:
    """The arguments that the JavaScript side sees for a Python call."""
    passed = [to_js_value(arg) for arg in args]
    if kwargs:
        passed.append(JsObject({key: to_js_value(value) for key, value in kwargs.items()}))
    return passed


def js_method(
    method: Callable[Concatenate[_Self, ...], _T],
) -> Callable[Concatenate[_Self, ...], _T]:
    """Decorates a method of a JsProxy class that Workers call with keyword arguments: they arrive as
    one trailing JsObject. Positional calls pay one extra Python call."""

    @functools.wraps(method)
    def call(self: _Self, /, *args: Any, **kwargs: Any) -> _T:
        if strict_ffi.get():
            result: _T = lend(method, (self,), args, kwargs)
            return result
        return method(self, *js_arguments(args, kwargs))

    return call


class JsFunction(JsProxy, js_name="Function"):
    """A function of the platform: `_call` receives JavaScript values."""

    __slots__ = ("_call", "_props", "name")

    def __init__(self, call: Callable[..., Any], name: str = "") -> None:
        self._call = call
        self._props: dict[str, Any] | None = None
        self.name = name or getattr(call, "__name__", "")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if strict_ffi.get():
            return lend(self._call, (), args, kwargs)
        return self._call(*js_arguments(args, kwargs))

    def __getattr__(self, name: str) -> Any:
        props = self._props
        plain = js_property_name(name)
        if props is not None and plain in props:
            return props[plain]
        raise AttributeError(name)

    def _define(self, **members: Any) -> JsFunction:
        """Give the function members (static methods, constants)."""
        self._props = {**(self._props or {}), **members}
        return self

    @property
    def typeof(self) -> str:
        return "function"

    @property
    def constructor(self) -> Any:
        return JsClassRef("Function")

    def __str__(self) -> str:
        return f"function {self.name}() {{ [native code] }}"

    __repr__ = __str__

    def call(self, this: Any = None, *args: Any) -> Any:
        return self(*args)

    def apply(self, this: Any = None, args: Any = ()) -> Any:
        return self(*args)

    def bind(self, this: Any = None, *bound: Any) -> JsFunction:
        return JsFunction(functools.partial(self, *bound), f"bound {self.name}")


class JsConstructor(JsFunction, js_name="Function"):
    """A class of the platform: `Map.new(...)`. `_refusal` is what a call without `new` raises, None
    for the classes that may be called (Object, Array, Error, …)."""

    __slots__ = ("_construct", "_refusal")

    def __init__(
        self,
        name: str,
        construct: Callable[..., Any],
        *,
        call: Callable[..., Any] | None = None,
        refusal: str | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(call or construct, name)
        self._construct = construct
        self._refusal = None if call is not None else refusal or f"Constructor {name} requires 'new'"
        self._props = dict(members or {})

    def new(self, *args: Any, **kwargs: Any) -> Any:
        """`new Class(...args)`."""
        if strict_ffi.get():
            return lend(self._construct, (), args, kwargs)
        return self._construct(*js_arguments(args, kwargs))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._refusal is not None:
            raise type_error(self._refusal)
        return super().__call__(*args, **kwargs)

    def __str__(self) -> str:
        return f"function {self.name}() {{ [native code] }}"

    __repr__ = __str__


class HostConstructor(JsConstructor, js_name="Function"):
    """The JavaScript face of a Python class of the platform: `new` is its `js_new`, statics are the
    public attributes of the class. A class with native class methods too lists those that JavaScript
    shows in `_js_statics`, by their JavaScript names."""

    __slots__ = ("_host",)

    def __init__(self, host: type[JsProxy]) -> None:
        name = host.js_name
        refusal = (
            f"Failed to construct '{name}': Please use the 'new' operator, this object constructor "
            "cannot be called as a function."
        )
        super().__init__(name, getattr(host, "js_new", _illegal_constructor), refusal=refusal)
        self._host = host

    def __getattr__(self, name: str) -> Any:
        plain = js_property_name(name)
        statics = getattr(self._host, "_js_statics", None)
        if statics is not None and plain in statics:
            return _static(statics[plain], plain)
        if not plain.startswith("_") and plain != "js_new":
            for cls in self._host.__mro__:
                if cls is JsProxy:
                    break
                member = cls.__dict__.get(plain)
                if isinstance(member, classmethod | staticmethod):
                    if statics is not None:
                        break  # the class lists its statics: the other class methods are the emulator's own
                    return _static(getattr(self._host, plain), plain)
                if member is not None and not callable(member) and not hasattr(member, "__get__"):
                    return member
        raise AttributeError(name)


def _static(method: Callable[..., Any], name: str) -> JsFunction:
    return JsFunction(method, name)


def _illegal_constructor(*_: Any) -> Any:
    raise type_error("Illegal constructor")


class JsDoubleProxy(JsProxy):
    """What `create_proxy` gives: a JavaScript handle on a Python object, alive until `destroy()`."""

    __slots__ = ("_destroyed", "_target")

    def __init__(self, target: Any) -> None:
        self._target = target
        self._destroyed = False

    @property
    def _live(self) -> Any:
        if self._destroyed:
            raise JsException("Error", "Object has already been destroyed")
        return self._target

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._live(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._live, name)

    @property
    def typeof(self) -> str:
        return "function" if callable(self._target) else "object"

    def __str__(self) -> str:
        return str(self._live)

    __repr__ = __str__

    def unwrap(self) -> Any:
        return self._live

    def destroy(self) -> None:
        if not self._destroyed:
            self._destroyed = True
            return
        raise JsException("Error", "Object has already been destroyed")


class JsOnceCallable(JsDoubleProxy):
    """What `create_once_callable` gives: a function that may be called once."""

    __slots__ = ()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._destroyed:
            raise JsException("Error", "OnceProxy can only be called once")
        self._destroyed = True
        return self._target(*args, **kwargs)
