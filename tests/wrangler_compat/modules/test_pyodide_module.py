"""The package `pyodide`."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from edge.errors import UnsupportedError
from edge.http.classes import HOST_CLASSES
from edge.http.response import Response
from edge.js.convert import PYODIDE_0_28, PYODIDE_314
from edge.js.errors import JsException, error
from edge.js.promise import JsPromise
from edge.kernel.clock import VirtualClock
from edge.kernel.random import RandomStreams
from tests.loops import run, run_virtual
from wrangler_compat.modules.js_module import build_js_module
from wrangler_compat.modules.pyodide_module import build_pyodide_modules

_clock = VirtualClock()


def modules(profile: Any = PYODIDE_314, outbound: Any = None) -> dict[str, Any]:
    js = build_js_module(HOST_CLASSES, clock=_clock, random=RandomStreams(1))
    return {"js": js, **build_pyodide_modules(profile, js=js, outbound=outbound)}


def test_imports(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, module in modules().items():
        monkeypatch.setitem(sys.modules, name, module)
    namespace: dict[str, Any] = {}
    exec(
        "import pyodide.http\n"
        "from pyodide import __version__\n"
        "from pyodide.ffi import JsException, JsProxy, JsBigInt, JsNull, jsnull, create_proxy, to_js\n"
        "from pyodide.ffi.wrappers import set_timeout\n"
        "from pyodide.http import pyfetch, FetchResponse, AbortError\n",
        namespace,
    )
    assert namespace["__version__"] == "314.0.6"
    assert namespace["pyodide"].http is sys.modules["pyodide.http"]
    with pytest.raises(ImportError, match="^cannot import name 'nope' from 'pyodide.ffi'"):
        exec("from pyodide.ffi import nope")


def test_versions_differ() -> None:
    old, new = modules(PYODIDE_0_28), modules()
    assert old["pyodide"].__version__ == "0.28.2"
    assert not hasattr(old["pyodide.ffi"], "JsBigInt")
    made = [each["pyodide.ffi"].to_js({"a": 1}).constructor.name for each in (old, new)]
    assert made == ["LiteralMap", "Object"]


def test_kinds_of_proxies() -> None:
    found = modules()
    ffi, js = found["pyodide.ffi"], found["js"]
    samples = {
        "array": ffi.to_js([1]),
        "bytes": ffi.to_js(b"a"),
        "map": js.Map.new(),
        "object": js.Object.new(),
        "promise": JsPromise.resolved(1),
        "function": js.Map,
        "error": js.Error.new("x"),
    }
    kinds = [
        "JsArray",
        "JsBuffer",
        "JsTypedArray",
        "JsMap",
        "JsPromise",
        "JsCallable",
        "JsIterable",
        "JsException",
    ]
    matching = {
        name: [kind for kind in kinds if isinstance(value, getattr(ffi, kind))]
        for name, value in samples.items()
    }
    assert matching == {
        "array": ["JsArray", "JsIterable"],
        "bytes": ["JsBuffer", "JsTypedArray", "JsIterable"],
        "map": ["JsMap", "JsIterable"],
        "object": [],
        "promise": ["JsPromise"],
        "function": ["JsCallable"],
        "error": ["JsException"],
    }
    assert all(isinstance(value, ffi.JsProxy) for value in samples.values())
    assert not isinstance({}, ffi.JsProxy)


def test_proxies() -> None:
    found = modules()
    ffi, js = found["pyodide.ffi"], found["js"]
    proxies = js.Array.new()
    proxies.append(ffi.create_proxy(len))
    ffi.destroy_proxies(proxies)
    with pytest.raises(JsException, match="^Error: Object has already been destroyed$"):
        proxies[0]("abc")
    assert ffi.create_once_callable(len)("abc") == 3
    with pytest.raises(UnsupportedError):
        ffi.create_proxy(len, capture_this=True)


def test_what_needs_a_javascript_engine_is_refused_loudly() -> None:
    found = modules()
    with pytest.raises(UnsupportedError, match=r"^pyodide\.code\.run_js is not emulated"):
        found["pyodide.code"].run_js("1")
    with pytest.raises(UnsupportedError):
        found["pyodide.http"].open_url("https://a")


def test_wrappers() -> None:
    found = modules()
    wrappers = found["pyodide.ffi.wrappers"]
    seen: list[str] = []

    async def body() -> None:
        wrappers.set_timeout(lambda: seen.append("fired"), 10)
        wrappers.clear_timeout(wrappers.set_timeout(lambda: seen.append("never"), 10))
        target = found["js"].EventTarget.new()

        def listener(event: Any) -> None:
            seen.append(event.type)

        wrappers.add_event_listener(target, "ping", listener)
        target.dispatchEvent(found["js"].Event.new("ping"))
        wrappers.remove_event_listener(target, "ping", listener)
        target.dispatchEvent(found["js"].Event.new("ping"))
        await _clock.advance(1)

    run_virtual(body(), _clock)
    assert seen == ["ping", "fired"]


def test_pyfetch() -> None:
    async def answer(request: Any, init: Any) -> Response:
        if init is None:
            raise error("Network connection lost.")
        return Response.make(f"{request} {init.method}".encode(), status=404)

    http = modules(outbound=answer)["pyodide.http"]

    async def body() -> None:
        response = await http.pyfetch("https://a/", method="POST")
        assert (response.status, response.ok, await response.text()) == (404, False, "https://a/ POST")
        with pytest.raises(http.HttpStatusError):
            response.raise_for_status()
        with pytest.raises(http.BodyUsedError, match="^Response body is already used$"):
            await response.text()
        with pytest.raises(http.AbortError, match=r"^Network connection lost\.$"):
            await http.pyfetch("https://a/")

    run(body())
