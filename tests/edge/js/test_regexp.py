"""RegExp: ECMA-262."""

from __future__ import annotations

import pytest

from edge.errors import UnsupportedError
from edge.js.errors import JsException
from edge.js.proxy import jsnull
from edge.js.regexp import JsRegExp


def test_matching() -> None:
    pattern = JsRegExp.js_new("(?<word>a+)(b)?", "gi")
    match = pattern.exec("xAAy")
    assert (str(pattern), list(match)) == ("/(?<word>a+)(b)?/gi", ["AA", "AA", None])
    assert pattern.lastIndex == 3
    assert pattern.exec("xAAy") is jsnull
    assert pattern.lastIndex == 0
    assert JsRegExp("^b", "m").test("a\nb")
    assert not JsRegExp("^b").test("a\nb")
    assert JsRegExp.js_new(pattern).flags == "gi"


@pytest.mark.parametrize("flags", ["x", "gg"])
def test_flags(flags: str) -> None:
    with pytest.raises(JsException) as raised:
        JsRegExp.js_new("a", flags)
    assert str(raised.value) == f"SyntaxError: Invalid flags supplied to RegExp constructor '{flags}'"


def test_syntax_that_is_not_shared_is_refused_loudly() -> None:
    with pytest.raises(UnsupportedError, match="^this regular expression is not emulated: "):
        JsRegExp("(").test("x")
