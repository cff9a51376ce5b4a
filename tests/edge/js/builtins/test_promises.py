"""Promise: recorded in compat_new `js_exceptions`, the rest from ECMA-262."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from edge.js.builtins.globals import build_globals
from edge.js.errors import HungWorker, JsException, type_error
from edge.js.objects import JsObject
from edge.js.promise import JsPromise
from edge.kernel.clock import VirtualClock
from edge.kernel.random import RandomStreams
from tests.loops import run_virtual


def in_world(body: Any) -> Any:
    """Run `body(js)` where `js` is a global object in virtual time."""
    clock = VirtualClock()
    return run_virtual(body(JsObject(build_globals(clock, RandomStreams(1)))), clock)


def test_resolve_and_then() -> None:
    async def body(js: Any) -> list[Any]:
        chained = js.Promise.resolve(1).then(lambda x: x + 1)
        return [await js.Promise.resolve(5), await chained, await js.Promise.resolve(chained)]

    assert in_world(body) == [5, 2, 2]


def test_rejections() -> None:
    async def body(js: Any) -> Any:
        with pytest.raises(JsException, match="^Error: rej$"):
            await js.Promise.reject(js.Error.new("rej"))
        with pytest.raises(ZeroDivisionError):
            await js.Promise.resolve(1).then(lambda _: 1 / 0)
        caught = await js.Promise.reject(js.Error.new("c")).catch(lambda e: e.message)
        python = await js.Promise.resolve(1).then(lambda _: 1 / 0).catch(lambda e: (e.name, e.message[-35:]))
        return caught, await js.Promise.reject("plain").catch(lambda e: e), python

    assert in_world(body) == ("c", "plain", ("PythonError", "ZeroDivisionError: division by zero\n"[-35:]))


def test_awaiting_a_rejection_that_is_no_error_hangs() -> None:
    async def body(js: Any) -> None:
        await js.Promise.reject("plain")

    with pytest.raises(HungWorker) as raised:
        in_world(body)
    assert str(raised.value).startswith("The Workers runtime canceled this request because it detected that")


def test_executor() -> None:
    async def body(js: Any) -> list[Any]:
        slow = js.Promise.new(lambda resolve, reject: js.setTimeout(resolve, 5, "late"))
        twice = js.Promise.new(lambda resolve, reject: (resolve(1), reject(js.Error.new("late"))))
        adopted = js.Promise.new(lambda resolve, reject: resolve(js.Promise.resolve(7)))
        with pytest.raises(JsException, match="^TypeError: no$"):
            await js.Promise.new(lambda resolve, reject: reject(type_error("no")))
        with pytest.raises(ZeroDivisionError):
            await js.Promise.new(lambda resolve, reject: 1 / 0)
        return [await slow, await twice, await adopted]

    assert in_world(body) == ["late", 1, 7]


def test_combinators() -> None:
    async def body(js: Any) -> Any:
        def after(delay_ms: int, value: Any) -> Any:
            return js.Promise.new(lambda resolve, reject: js.setTimeout(resolve, delay_ms, value))

        failing = [js.Promise.reject(js.Error.new("a")), 1]
        with pytest.raises(JsException, match="^Error: a$"):
            await js.Promise.all(failing)
        settled = await js.Promise.allSettled([js.Promise.reject("x"), 1])
        with pytest.raises(JsException, match="^AggregateError: All promises were rejected$") as raised:
            await js.Promise.any([js.Promise.reject("x")])
        return [
            list(await js.Promise.all([after(5, "slow"), 2, JsPromise.resolved(3)])),
            await js.Promise.race([after(5, "slow"), after(1, "fast")]),
            await js.Promise.any([js.Promise.reject("x"), after(1, "ok")]),
            settled.to_py(),
            list(raised.value.errors),
            await asyncio.gather(js.Promise.resolve(1), js.Promise.resolve(2)),
        ]

    assert in_world(body) == [
        ["slow", 2, 3],
        "fast",
        "ok",
        [{"status": "rejected", "reason": "x"}, {"status": "fulfilled", "value": 1}],
        ["x"],
        [1, 2],
    ]


def test_with_resolvers() -> None:
    async def body(js: Any) -> Any:
        made = js.Promise.withResolvers()
        made.resolve(3)
        return await made.promise

    assert in_world(body) == 3


def test_constructor_needs_new_and_a_function() -> None:
    async def body(js: Any) -> None:
        with pytest.raises(
            JsException, match="^TypeError: Promise constructor cannot be invoked without 'new'$"
        ):
            js.Promise(lambda *_: None)
        with pytest.raises(JsException, match="^TypeError: Promise resolver undefined is not a function$"):
            js.Promise.new()

    in_world(body)
