"""Python functions and buffers at the boundary, with strict FFI and without."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from edge.js.borrowed import lend, opaque, strict_ffi
from edge.js.errors import JsException
from edge.js.functions import JsConstructor, JsDoubleProxy, JsFunction, js_method
from edge.js.objects import JsObject
from edge.js.promise import JsPromise
from edge.js.proxy import JsProxy
from tests.loops import run


@contextmanager
def strict() -> Iterator[None]:
    token = strict_ffi.set(True)
    try:
        yield
    finally:
        strict_ffi.reset(token)


class Keeper(JsProxy, js_name="Keeper"):
    """Keeps what it is given."""

    def __init__(self, callback: Any = None, options: Any = None) -> None:
        self.kept = callback
        self.options = options

    @js_method
    def keep(self, callback: Any, options: Any = None) -> Any:
        self.kept, self.options = callback, options
        return callback(1)


def one_more(number: int) -> int:
    return number + 1


WAYS = {
    "function": lambda keeper, callback: JsFunction(keeper.keep)(callback),
    "method": lambda keeper, callback: keeper.keep(callback),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_function_lives_as_long_as_the_call(way: str) -> None:
    keeper = Keeper()
    with strict():
        assert WAYS[way](keeper, one_more) == 2
    with pytest.raises(JsException) as caught:
        keeper.kept(1)
    assert caught.value.name == "Error"
    assert caught.value.message == (
        "This borrowed proxy was automatically destroyed at the end of a function call. Try using "
        "create_proxy or create_once_callable.\n"
        "For more information about the cause of this error, use `pyodide.setDebug(true)`"
    )


@pytest.mark.parametrize("way", WAYS)
def test_without_strict_ffi_it_is_forgiven(way: str) -> None:
    keeper = Keeper()
    assert WAYS[way](keeper, one_more) == 2
    assert keeper.kept(1) == 2


def test_functions_in_options_and_constructors() -> None:
    keeper = Keeper()
    with strict():
        keeper.keep(one_more, pull=one_more, size=3)
        made = JsConstructor("Keeper", Keeper).new(one_more)
    assert keeper.options.size == 3
    for kept in (keeper.options.pull, made.kept):
        with pytest.raises(JsException, match="automatically destroyed"):
            kept(1)


def test_what_was_made_to_stay_stays() -> None:
    keeper = Keeper()
    with strict():
        keeper.keep(JsDoubleProxy(one_more))
        assert keeper.kept(1) == 2
        assert keeper.keep(JsFunction(one_more)) == 2
        assert keeper.kept(1) == 2


def test_a_promise_holds_what_was_lent_until_it_settles() -> None:
    async def scenario() -> None:
        gate = asyncio.get_running_loop().create_future()

        async def later(callback: Any) -> Any:
            await gate
            kept.append(callback)
            return callback(1)

        kept: list[Any] = []
        promise = lend(lambda callback: JsPromise.start(later(callback), name="later"), (), (one_more,), {})
        gate.set_result(None)
        assert await promise == 2
        await asyncio.sleep(0)
        with pytest.raises(JsException, match=r"automatically destroyed\. Try using create_proxy"):
            kept[0](1)

    run(scenario())


def test_a_call_that_raises_takes_back_what_was_lent() -> None:
    kept = []

    def fail(callback: Any) -> None:
        kept.append(callback)
        raise JsException("Error", "no")

    with pytest.raises(JsException, match="no"):
        lend(fail, (), (one_more,), {})
    with pytest.raises(JsException, match="automatically destroyed"):
        kept[0](1)


def test_buffers() -> None:
    assert opaque(b"a") == b"a"
    with strict():
        for buffer in (b"a", bytearray(b"a"), memoryview(b"a")):
            assert isinstance(opaque(buffer), JsProxy)
        assert opaque("a") == "a"
        plain = JsObject()
        assert opaque(plain) is plain
