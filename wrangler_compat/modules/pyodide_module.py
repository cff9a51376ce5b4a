"""The package `pyodide` as Python Workers import it: `ffi`, `http`, `code`, `webloop`.

Source: Pyodide 314 and 0.28, spec python-workers.md section 8.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterable, AsyncIterator, Callable, Generator, Iterable, Iterator, Mapping
from types import ModuleType
from typing import Any

from edge.errors import UnsupportedError
from edge.js.arrays import JsArray
from edge.js.buffers import JsBuffer
from edge.js.collections import JsMap
from edge.js.convert import ConversionError, FfiProfile, to_js
from edge.js.errors import JsException
from edge.js.functions import JsDoubleProxy, JsOnceCallable
from edge.js.objects import ObjectMap
from edge.js.promise import JsPromise
from edge.js.proxy import JsBigInt, JsNull, JsProxy, jsnull
from edge.js.suspension import can_run_sync, run_sync
from edge.js.typed_arrays import JsTypedArray
from wrangler_compat.modules.sdk.fetch_response import (
    AbortError,
    BodyUsedError,
    HttpStatusError,
    PyodideFetchResponse,
)


def _kind(name: str, matches: Callable[[Any], bool]) -> type:
    """A class that only answers isinstance, like Pyodide's views of a proxy's abilities."""

    class Meta(type):
        def __instancecheck__(cls, instance: Any) -> bool:
            return matches(instance)

    return Meta(name, (), {"__module__": "pyodide.ffi"})


def _is_proxy_of(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, JsProxy) and isinstance(value, kinds)


def create_proxy(obj: Any, /, *, capture_this: bool = False, roundtrip: bool = True) -> JsDoubleProxy:
    """A JavaScript handle on a Python object. `capture_this` is not emulated."""
    if capture_this:
        raise UnsupportedError("create_proxy(capture_this=True) is not emulated")
    return JsDoubleProxy(obj)


def create_once_callable(obj: Callable[..., Any], /) -> JsOnceCallable:
    """A JavaScript function that may be called once."""
    return JsOnceCallable(obj)


def destroy_proxies(pyproxies: Iterable[Any], /) -> None:
    """Destroy the handles in a JavaScript array; plain Python objects in it have nothing to destroy."""
    for proxy in pyproxies:
        if isinstance(proxy, JsDoubleProxy):
            proxy.destroy()


def _refuse(what: str) -> Callable[..., Any]:
    def call(*_: Any, **__: Any) -> Any:
        raise UnsupportedError(f"{what} is not emulated: there is no JavaScript engine")

    call.__name__ = what.rpartition(".")[2]
    return call


def _module(name: str, members: Mapping[str, Any]) -> ModuleType:
    module = ModuleType(name)
    module.__dict__.update(members)
    module.__dict__["__all__"] = sorted(key for key in members if not key.startswith("_"))
    return module


def _ffi(profile: FfiProfile) -> dict[str, Any]:
    names = {
        "IN_PYODIDE": True,
        "IN_BROWSER": True,
        "ConversionError": ConversionError,
        "JsArray": JsArray,
        "JsBuffer": JsBuffer,
        "JsDoubleProxy": JsDoubleProxy,
        "JsException": JsException,
        "JsMap": _kind("JsMap", _is_proxy_of(JsMap, ObjectMap)),
        "JsMutableMap": _kind("JsMutableMap", _is_proxy_of(JsMap, ObjectMap)),
        "JsNull": JsNull,
        "JsOnceCallable": JsOnceCallable,
        "JsPromise": JsPromise,
        "JsProxy": JsProxy,
        "JsTypedArray": JsTypedArray,
        "JsCallable": _kind("JsCallable", lambda value: isinstance(value, JsProxy) and callable(value)),
        "JsIterable": _kind("JsIterable", _is_proxy_of(Iterable)),
        "JsIterator": _kind("JsIterator", _is_proxy_of(Iterator)),
        "JsGenerator": _kind("JsGenerator", _is_proxy_of(Generator)),
        "JsAsyncIterable": _kind("JsAsyncIterable", _is_proxy_of(AsyncIterable)),
        "JsAsyncIterator": _kind("JsAsyncIterator", _is_proxy_of(AsyncIterator)),
        "can_run_sync": can_run_sync,
        "create_once_callable": create_once_callable,
        "create_proxy": create_proxy,
        "destroy_proxies": destroy_proxies,
        "jsnull": jsnull,
        "register_js_module": _refuse("pyodide.ffi.register_js_module"),
        "unregister_js_module": _refuse("pyodide.ffi.unregister_js_module"),
        "run_sync": run_sync,
        "to_js": functools.partial(to_js, profile=profile),
    }
    return names if profile.plain_bigints else names | {"JsBigInt": JsBigInt}


class _Wrappers:
    """`pyodide.ffi.wrappers`: timers and event listeners that keep their callbacks alive."""

    def __init__(self, js: ModuleType) -> None:
        self._js = js
        self._listeners: dict[tuple[int, str, Any], JsDoubleProxy] = {}

    def set_timeout(self, callback: Callable[[], Any], timeout: int) -> Any:
        return self._js.setTimeout(create_once_callable(callback), timeout)

    def clear_timeout(self, timeout_id: int) -> None:
        self._js.clearTimeout(timeout_id)

    def set_interval(self, callback: Callable[[], Any], interval: int) -> Any:
        return self._js.setInterval(create_proxy(callback), interval)

    def clear_interval(self, interval_id: int) -> None:
        self._js.clearInterval(interval_id)

    def add_event_listener(self, target: Any, event: str, listener: Callable[[Any], None]) -> None:
        proxy = self._listeners[target.js_id, event, listener] = create_proxy(listener)
        target.addEventListener(event, proxy)

    def remove_event_listener(self, target: Any, event: str, listener: Callable[[Any], None]) -> None:
        proxy = self._listeners.pop((target.js_id, event, listener))
        target.removeEventListener(event, proxy)
        proxy.destroy()


def _http(outbound: Callable[..., Any]) -> dict[str, Any]:
    async def pyfetch(
        request: Any, /, *, fetcher: Callable[..., Any] | None = None, **options: Any
    ) -> PyodideFetchResponse:
        """Fetch, giving a FetchResponse. Raises AbortError, an OSError, when it fails on its way."""
        init = to_js(options) if options else None
        try:
            response = await (outbound if fetcher is None else fetcher)(request, init)
        except JsException as failure:
            raise AbortError(failure) from None
        return PyodideFetchResponse(request if isinstance(request, str) else request.url, response)

    pyfetch.__module__ = "pyodide.http"
    pyfetch.__qualname__ = "pyfetch"
    return {
        "AbortError": AbortError,
        "BodyUsedError": BodyUsedError,
        "FetchResponse": PyodideFetchResponse,
        "HttpStatusError": HttpStatusError,
        "open_url": _refuse("pyodide.http.open_url"),
        "pyfetch": pyfetch,
    }


def build_pyodide_modules(
    profile: FfiProfile, *, js: ModuleType, outbound: Callable[..., Any]
) -> dict[str, ModuleType]:
    """`pyodide` and its submodules, by module name. `outbound` is the Worker's JavaScript fetch."""
    wrappers = _Wrappers(js)
    bound = {name: getattr(wrappers, name) for name in dir(wrappers) if not name.startswith("_")}
    modules = {
        "pyodide": _module("pyodide", {"__version__": profile.version, "__path__": []}),
        "pyodide.ffi": _module("pyodide.ffi", {**_ffi(profile), "__path__": []}),
        "pyodide.ffi.wrappers": _module("pyodide.ffi.wrappers", bound),
        "pyodide.http": _module("pyodide.http", _http(outbound)),
        "pyodide.code": _module("pyodide.code", {"run_js": _refuse("pyodide.code.run_js")}),
        "pyodide.webloop": _module(
            "pyodide.webloop",
            {
                "PyodideFuture": asyncio.Future,
                "PyodideTask": asyncio.Task,
                "WebLoop": asyncio.AbstractEventLoop,
            },
        ),
    }
    for name, module in modules.items():
        package, _, child = name.rpartition(".")
        if package:
            setattr(modules[package], child, module)
    return modules
