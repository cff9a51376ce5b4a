"""Who answers what a container sends out (spec sandbox-and-containers.md section 3.3, outbound)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.container.routing import Route, handlers_of, matches, route


def first(*_: Any) -> None: ...
def second(*_: Any) -> None: ...
def catch_all(*_: Any) -> None: ...


class Plain:
    pass


class Declaring:
    outbound_by_host = {"api.example": first, "*.example": second}
    outbound_handlers = {"first": first, "second": second}


class CatchingAll(Declaring):
    @staticmethod
    def outbound(*_: Any) -> None: ...


class InJavaScript:
    outboundByHost = {"api.example": first}
    outboundHandlers = {"first": first}


INTERNET = Route(internet=True)
BLOCKED = Route()


@pytest.mark.parametrize(
    ("cls", "rules", "host", "expected"),
    [
        (Plain, {"enableInternet": True}, "x.test", INTERNET),
        (Plain, {"enableInternet": False}, "x.test", BLOCKED),
        (Plain, {"allowedHosts": ["*.test"]}, "x.test", INTERNET),
        (Plain, {"allowedHosts": ["*.test"], "enableInternet": True}, "x.other", BLOCKED),
        (Plain, {"allowedHosts": [], "enableInternet": True}, "x.test", BLOCKED),
        (Plain, {"deniedHosts": ["x.*"], "enableInternet": True}, "x.test", BLOCKED),
        (Plain, {"deniedHosts": ["x.test"], "allowedHosts": ["x.test"]}, "x.test", BLOCKED),
        (Plain, {"deniedHosts": ["x.test"], "enableInternet": True}, "x.test.", BLOCKED),
        (Declaring, {}, "api.example", Route(first)),
        (Declaring, {}, "www.example", Route(second)),
        (Declaring, {"deniedHosts": ["api.example"]}, "api.example", BLOCKED),
        (Declaring, {"allowedHosts": ["other"]}, "api.example", BLOCKED),
        (Declaring, {"outboundByHostOverrides": {"*": {"method": "second"}}}, "api.example", Route(second)),
        (
            Declaring,
            {"outboundByHostOverrides": {"api.example": {"method": "second", "params": 1}}},
            "api.example",
            Route(second, 1),
        ),
        (
            Declaring,
            {"outboundByHostOverrides": {"a": {"method": "gone"}}, "enableInternet": True},
            "a",
            INTERNET,
        ),
        (
            Declaring,
            {"outboundHandlerOverride": {"method": "first"}, "interceptAll": True},
            "a",
            Route(first),
        ),
        (Declaring, {"outboundHandlerOverride": {"method": "first"}}, "a", BLOCKED),
        (CatchingAll, {"interceptAll": True}, "a", Route(CatchingAll.outbound)),
        (CatchingAll, {"enableInternet": True}, "a", INTERNET),
        (
            CatchingAll,
            {"interceptAll": True, "outboundHandlerOverride": {"method": "first", "params": {"a": 1}}},
            "a",
            Route(first, {"a": 1}),
        ),
        (InJavaScript, {}, "api.example", Route(first)),
        (None, {"enableInternet": True}, "a", INTERNET),
    ],
)
def test_route(cls: type | None, rules: dict[str, Any], host: str, expected: Route) -> None:
    assert route(host, rules, cls) == expected


def test_handlers_that_rules_may_name() -> None:
    assert sorted(handlers_of(Declaring)) == ["first", "second"]
    assert sorted(handlers_of(CatchingAll)) == ["__outbound__", "first", "second"]
    assert sorted(handlers_of(InJavaScript)) == ["first"]
    assert handlers_of(Plain) == {}


def test_what_is_assigned_to_the_class_later_counts() -> None:
    class Later:
        pass

    Later.outboundHandlers = {"catch": catch_all}  # type: ignore[attr-defined]
    assert handlers_of(Later) == {"catch": catch_all}


@given(st.text("ab*.", max_size=8), st.text("ab.", max_size=10))
def test_a_star_stands_for_any_text(pattern: str, host: str) -> None:
    expression = ".*".join(re.escape(part) for part in pattern.split("*"))
    assert matches(pattern, host) is (re.fullmatch(expression, host) is not None)


@pytest.mark.parametrize(
    ("pattern", "host", "fits"),
    [
        ("a.test", "a.test", True),
        ("a.test", "b.a.test", False),
        ("*", "", True),
        ("*.test", "a.b.test", True),
        ("*.test", ".test", True),
        ("*.test", "test", False),
        ("a.*.test", "a.b.test", True),
        ("a*a", "a", False),
        ("a*b*c", "a-b-b-c", True),
        ("a*b*c", "a-c", False),
        ("goo*gle", "google", True),
        ("a.test*", "a.test", True),
    ],
)
def test_matches(pattern: str, host: str, fits: bool) -> None:
    assert matches(pattern, host) is fits
