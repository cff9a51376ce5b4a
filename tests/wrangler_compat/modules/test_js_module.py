"""The module `js` and the probes of compat_new/compat_old `jsproxy_access` and `js_exceptions`."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest

from edge.http.classes import HOST_CLASSES
from edge.js.convert import PYODIDE_0_28, PYODIDE_314, to_js
from edge.js.errors import JsException
from edge.js.proxy import JsProxy, jsnull
from edge.kernel.clock import VirtualClock
from edge.kernel.random import RandomStreams
from wrangler_compat.modules.js_module import build_js_module

TEXT = (
    '{"a": {"b": [1, 2, {"c": null}]}, "keys": "k", "items": 1, "from": 2, "x-y": 3, '
    '"f": 1.5, "n": null, "t": true}'
)


@pytest.fixture
def js() -> Any:
    return build_js_module(
        {**HOST_CLASSES, "fetch": lambda *args: args}, clock=VirtualClock(), random=RandomStreams(1)
    )


@pytest.fixture
def p(js: Any) -> Any:
    return js.JSON.parse(TEXT)


def test_object_access(p: Any) -> None:
    assert (type(p).__name__, p.a.b[0], p.keys) == ("JsProxy", 1, "k")
    assert (getattr(p, "from"), getattr(p, "x-y"), hasattr(p, "a"), hasattr(p, "zz")) == (2, 3, True, False)
    assert p.as_object_map()["f"] == 1.5
    assert (p.a.b[1], p.a.b[-1].c, len(p.a.b), 2 in p.a.b) == (2, jsnull, 3, True)
    assert [x if isinstance(x, int) else x.constructor.name for x in p.a.b] == [1, 2, "Object"]
    p.a.b.append(9)
    assert (len(p.a.b), p.a.b.join("-")) == (4, "1-2-[object Object]-9")
    plain = {"keys": "k", "items": 1, "from": 2, "x-y": 3, "f": 1.5, "n": jsnull, "t": True}
    assert p.to_py() == {"a": {"b": [1, 2, {"c": jsnull}, 9]}, **plain}
    assert p.to_py(depth=1) == {"a": p.a, **plain}
    assert list(p.object_keys()) == ["a", *plain]
    assert [list(pair)[0] for pair in p.object_entries()] == ["a", *plain]
    assert len(p.object_values()) == 8


def test_truth_and_type(js: Any, p: Any) -> None:
    truths = [bool(p), bool(js.Array.new()), bool(js.JSON.parse("[1]")), bool(js.Map.new())]
    assert truths == [True, False, True, False]
    assert [p.typeof, p.f, js.JSON.typeof, str(p), repr(p)] == [
        "object",
        1.5,
        "object",
        "[object Object]",
        "[object Object]",
    ]
    assert str(js.JSON.parse("[1,2]")) == "1,2"
    assert [p == p, p == js.JSON.parse("{}"), isinstance(p, JsProxy)] == [True, False, True]


@pytest.mark.parametrize("profile", [PYODIDE_314, PYODIDE_0_28])
def test_values_made_from_python(js: Any, profile: Any) -> None:
    m = js.Map.new(to_js([["a", 1], ["b", 2]], profile=profile))
    m["c"] = 3
    assert (m["a"], m.get("b"), m.get("zz", 7), m.size) == (1, 2, 7, 3)
    assert m.to_py() == {"a": 1, "b": 2, "c": 3}
    s = js.Set.new(to_js([1, 2, 2], profile=profile))
    assert (len(s), s.to_py()) == (2, {1, 2})
    date = js.Date.new(0)
    assert (date.toISOString(), date.to_py()) == ("1970-01-01T00:00:00.000Z", date)
    u = js.Uint8Array.new(to_js([1, 2, 255], profile=profile))
    assert (u[2], bytes(u.to_py()), u.to_bytes(), bytes(u), len(u)) == (255, *[b"\x01\x02\xff"] * 3, 3)
    assert u.constructor.name == "Uint8Array"
    assert js.JSON.stringify(js.Array.of(1, a=2)) == '[1,{"a":2}]'
    assert js.undefined is None
    with pytest.raises(JsException, match="^TypeError: Constructor Map requires 'new'$"):
        js.Map()


@pytest.mark.parametrize(
    ("call", "name", "message"),
    [
        (
            lambda js: js.JSON.parse("{"),
            "SyntaxError",
            "Expected property name or '}' in JSON at position 1 (line 1 column 2)",
        ),
        (lambda js: js.URL.new("x"), "TypeError", "Invalid URL string."),
    ],
)
def test_exceptions(js: Any, call: Any, name: str, message: str) -> None:
    with pytest.raises(JsException) as raised:
        call(js)
    error = raised.value
    assert [type(error).__name__, error.name, error.message, str(error)] == [
        "JsException",
        name,
        message,
        f"{name}: {message}",
    ]
    assert isinstance(error, Exception)
    assert error.js_error is not None


def test_missing_names(js: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AttributeError, match="^nope$"):
        js.nope
    monkeypatch.setitem(sys.modules, "js", js)
    with pytest.raises(ImportError, match="^cannot import name 'nope' from 'js'"):
        exec("from js import nope")
    namespace: dict[str, Any] = {}
    exec("from js import Object, Response, globalThis", namespace)
    assert namespace["globalThis"].Object is namespace["Object"]


def test_it_is_the_global_object(js: Any) -> None:
    assert isinstance(js, ModuleType)
    js.counter = 2.0
    assert (js.globalThis.counter, js.self.counter, "counter" in dir(js)) == (2, 2, True)
    del js.counter
    assert not hasattr(js, "counter")
    assert (js.navigator.userAgent, js.btoa("abc"), js.WebSocket.OPEN) == ("Cloudflare-Workers", "YWJj", 1)
    assert js.fetch("https://a", method="POST")[1].method == "POST"
    assert js.URL.new("https://a.b/c?d=e#f").searchParams.get("d") == "e"
