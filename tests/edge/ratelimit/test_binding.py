"""Rate limits: windows and texts of the platform."""

from __future__ import annotations

from typing import Any

import pytest

from edge.js.errors import JsException
from edge.js.objects import JsObject
from edge.js.proxy import JsBigInt, jsnull
from edge.kernel.clock import VirtualClock
from edge.ratelimit.binding import Ratelimit
from edge.ratelimit.counters import Counters
from tests.loops import run_virtual


def test_a_window_lets_through_what_the_limit_says() -> None:
    clock = VirtualClock(1_767_225_655.0)  # five seconds before the minute

    async def script() -> list[list[bool]]:
        rate = Ratelimit(Counters(), clock, 3, 60)

        async def calls(key: str) -> list[bool]:
            return [(await rate.limit(key=key)).success for _ in range(5)]

        found = [await calls("a"), await calls("b")]
        await clock.advance(4.9)
        found.append(await calls("a"))
        await clock.advance(0.2)
        return [*found, await calls("a")]

    within = [True, True, True, False, False]
    found = run_virtual(script(), clock)
    assert found == [within, within, [False] * 5, within]


def test_bindings_of_one_namespace_count_together_but_by_period() -> None:
    counters = Counters()
    assert [counters.allows("k", 2, 60, 0.0) for _ in range(2)] == [True, True]
    assert counters.allows("k", 2, 60, 59.9) is False
    assert counters.allows("k", 3, 60, 59.9) is True
    assert counters.allows("k", 1, 10, 59.9) is True
    assert counters.allows("k", 1, 10, 60.0) is True
    assert counters.allows("k", 0, 60, 61.0) is False


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (None, "invalid rate limit options"),
        (jsnull, "invalid rate limit options"),
        ("k", "invalid rate limit options"),
        (JsObject({"key": 5}), "invalid key: 5"),
        (JsObject({"key": jsnull}), "invalid key: null"),
        (JsObject({"key": "k", "bogus": 1, "more": 2}), "bad rate limit options: [bogus,more]"),
        (JsObject({"limit": "3"}), "limit must be a number: 3"),
        (JsObject({"period": JsBigInt(10)}), "period must be a number: 10"),
        (JsObject({"period": 30}), "unsupported period: 30"),
    ],
)
def test_what_is_refused(options: Any, message: str) -> None:
    async def script() -> None:
        await Ratelimit(Counters(), VirtualClock(), 1, 60).limit(options)

    with pytest.raises(JsException) as caught:
        run_virtual(script())
    assert (caught.value.name, caught.value.message) == ("Error", message)


def test_a_call_may_bring_its_own_limit() -> None:
    async def script() -> list[bool]:
        rate = Ratelimit(Counters(), VirtualClock(), 1, 60)
        calls = [JsObject({}), JsObject({}), JsObject({"limit": 2}), JsObject({"period": 10})]
        return [(await rate.limit(options)).success for options in calls]

    assert run_virtual(script()) == [True, False, True, True]
