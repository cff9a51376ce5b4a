"""Rows of http.json `headers_api` and runtime.md section 4."""

from __future__ import annotations

from typing import Any

import pytest

from edge.http.headers import Headers
from edge.js.proxy import jsnull
from tests.edge.http.face import js, obj, raises, refused


@pytest.fixture
def headers() -> Any:
    headers = js.Headers.new()
    for name, value in [("B", "1"), ("a", "x"), ("b", "2"), ("set-cookie", "c=1"), ("Set-Cookie", "d=2")]:
        headers.append(name, value)
    return headers


def test_values_of_one_name_are_combined(headers: Any) -> None:
    assert headers.get("b") == "1, 2"
    assert headers.get("zz") is jsnull


def test_iteration_is_sorted_with_cookies_apart(headers: Any) -> None:
    expected = [["a", "x"], ["b", "1, 2"], ["set-cookie", "c=1"], ["set-cookie", "d=2"]]
    assert [list(pair) for pair in headers] == expected
    assert [list(pair) for pair in headers.entries()] == expected
    assert list(headers.keys()) == ["a", "b", "set-cookie", "set-cookie"]
    assert list(headers.values()) == ["x", "1, 2", "c=1", "d=2"]
    seen: list[Any] = []
    headers.forEach(lambda value, name, owner: seen.append((name, value, owner is headers)))
    assert seen == [(name, value, True) for name, value in expected]


def test_cookies_can_be_read_one_by_one(headers: Any) -> None:
    assert list(headers.getSetCookie()) == ["c=1", "d=2"]
    assert list(headers.getAll("set-cookie")) == ["c=1", "d=2"]
    refused(
        "TypeError",
        'getAll() can only be used with the header name "Set-Cookie".',
        lambda: headers.getAll("a"),
    )


def test_set_replaces_all_and_delete_removes_all(headers: Any) -> None:
    headers.set("b", "3")
    assert headers.raw_items() == [("b", "3"), ("a", "x"), ("set-cookie", "c=1"), ("set-cookie", "d=2")]
    headers.delete("SET-COOKIE")
    assert headers.raw_items() == [("b", "3"), ("a", "x")]
    assert headers.has("A")
    assert not headers.has("set-cookie")


def test_python_operators_follow_the_methods(headers: Any) -> None:
    headers["X-New"] = 5
    assert headers["x-new"] == "5"
    assert "X-NEW" in headers
    del headers["x-new"]
    assert "x-new" not in headers


@pytest.mark.parametrize("name", ["a b", "é", "a:b", "a\n"])
def test_bad_names_are_refused(name: str) -> None:
    refused("TypeError", "Invalid header name.", lambda: js.Headers.new().set(name, "x"))


def test_the_empty_name_is_accepted() -> None:
    assert [list(pair) for pair in js.Headers.new(obj(**{"": "c"}))] == [["", "c"]]


@pytest.mark.parametrize("value", ["x\r\ny", "b\nc", "\0"])
def test_bad_values_are_refused(value: str) -> None:
    refused("TypeError", "Invalid header value.", lambda: js.Headers.new().set("a", value))


@pytest.mark.parametrize(
    ("value", "stored"),
    [("  b  ", "b"), ("é", "é"), (5, "5"), (None, "undefined"), (jsnull, "null"), (True, "true")],
)
def test_values_are_converted_and_trimmed(value: Any, stored: str) -> None:
    headers = js.Headers.new()
    headers.set("a", value)
    assert headers.get("a") == stored


@pytest.mark.parametrize(
    "init",
    [
        [["a", "1"], ["A", "2"]],
        {"a": "1, 2"}.items(),
        obj(a="1, 2"),
        Headers([("a", "1"), ("a", "2")]),
        {"a": "1, 2"},
    ],
    ids=["pairs", "dict items", "object", "headers", "dict"],
)
def test_construction(init: Any) -> None:
    assert js.Headers.new(init).get("a") == "1, 2"


def test_pairs_must_be_pairs() -> None:
    with raises(
        "TypeError",
        "To initialize a Headers object from a sequence, each inner sequence must have exactly two elements.",
    ):
        js.Headers.new([["a"]])


def test_immutable_headers_refuse_changes_and_copy_into_mutable_ones() -> None:
    headers = Headers([("a", "1")], immutable=True)
    for change in (
        lambda: headers.set("a", "b"),
        lambda: headers.append("a", "b"),
        lambda: headers.delete("a"),
    ):
        refused("TypeError", "Can't modify immutable headers.", change)
    copy = js.Headers.new(headers)
    copy.set("a", "2")
    assert (headers.get("a"), copy.get("a")) == ("1", "2")
