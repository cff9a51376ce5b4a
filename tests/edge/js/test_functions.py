"""Functions and constructors: recorded in compat_new `jsproxy_access`."""

from __future__ import annotations

from typing import Any

import pytest

from edge.js.errors import JsException
from edge.js.functions import (
    HostConstructor,
    JsConstructor,
    JsDoubleProxy,
    JsFunction,
    JsOnceCallable,
    js_method,
)
from edge.js.objects import JsObject
from edge.js.proxy import JsBigInt, JsProxy


def test_keyword_arguments_become_one_trailing_object() -> None:
    function = JsFunction(lambda *args: args, "f")
    first, options = function(1, a=2.0)
    assert (first, options.to_py()) == (1, {"a": 2})
    assert function(2.0, 2**60) == (2, 2**60)
    assert type(function(2**60)[0]) is JsBigInt


def test_functions_are_functions() -> None:
    function = JsFunction(lambda *args: args, "log")
    assert (function.typeof, function.constructor.name, function.name) == ("function", "Function", "log")
    assert str(function) == "function log() { [native code] }"
    assert function.bind(None, 1)(2) == (1, 2)
    assert function.call(None, 1) == (1,)
    assert function.apply(None, [1, 2]) == (1, 2)
    assert bool(function)


def test_constructors_need_new() -> None:
    map_class = JsConstructor("Map", lambda *args: JsObject({"args": len(args)}))
    assert map_class.new(1, b=2).args == 2
    with pytest.raises(JsException, match="^TypeError: Constructor Map requires 'new'$"):
        map_class()


class Door(JsProxy, js_name="Door"):
    OPEN = 1

    def __init__(self, *args: Any) -> None:
        self.args = args

    @classmethod
    def js_new(cls, *args: Any) -> Door:
        return cls(*args)

    @staticmethod
    def knock(times: Any, options: Any = None) -> Any:
        return times, options

    def close(self) -> str:
        return "closed"

    @property
    def state(self) -> str:
        return "open"

    @js_method
    def paint(self, *args: Any) -> tuple[Any, ...]:
        return args


def test_host_classes() -> None:
    door = HostConstructor(Door)
    made = door.new("oak", height=2.0)
    assert (made.args[0], made.args[1].height) == ("oak", 2)
    assert door.OPEN == 1
    assert door.knock(3, loud=True)[1].loud is True
    for hidden in ("close", "state", "js_new_", "_x"):
        assert not hasattr(door, hidden)
    with pytest.raises(JsException) as raised:
        door()
    assert raised.value.message == (
        "Failed to construct 'Door': Please use the 'new' operator, this object constructor cannot be called "
        "as a function."
    )


def test_js_method_takes_keyword_arguments() -> None:
    first, options = Door().paint("red", coats=2.0)
    assert (first, options.to_py()) == ("red", {"coats": 2})


def test_classes_without_constructor() -> None:
    class Hidden(JsProxy, js_name="Hidden"):
        pass

    with pytest.raises(JsException, match="^TypeError: Illegal constructor$"):
        HostConstructor(Hidden).new()


def test_double_proxy_lives_until_destroyed() -> None:
    target = {"a": 1}
    proxy = JsDoubleProxy(target)
    assert proxy.unwrap() is target
    assert JsDoubleProxy(lambda x: x + 1)(1) == 2
    proxy.destroy()
    for use in (proxy.unwrap, proxy.destroy):
        with pytest.raises(JsException, match="^Error: Object has already been destroyed$"):
            use()


def test_once_callable() -> None:
    once = JsOnceCallable(lambda x: x)
    assert once(5) == 5
    with pytest.raises(JsException, match="^Error: OnceProxy can only be called once$"):
        once(5)
