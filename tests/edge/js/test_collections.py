"""Map and Set: recorded in compat_new `jsproxy_access`, the rest from ECMA-262 and Pyodide."""

from __future__ import annotations

import math

import pytest

from edge.js.collections import JsLiteralMap, JsMap, JsSet
from edge.js.proxy import JsBigInt


def test_map_as_a_python_mapping() -> None:
    value = JsMap([("a", 1), ("b", 2)])
    assert (value["a"], value.get("b"), value.get("zz", 7), len(value), "a" in value) == (1, 2, 7, 2, True)
    assert (list(value), list(value.keys()), [list(x) for x in value.items()]) == (
        ["a", "b"],
        ["a", "b"],
        [["a", 1], ["b", 2]],
    )
    with pytest.raises(KeyError, match="^'zz'$"):
        value["zz"]
    value["c"] = 3.0
    assert (value.size, value.pop("c"), value.pop("c", None)) == (3, 3, None)
    assert value.setdefault("d", 4) == 4
    value.update({"e": 5}, f=6)
    del value["a"]
    assert list(value.values()) == [2, 4, 5, 6]
    assert value.popitem() == ("f", 6)
    with pytest.raises(KeyError):
        del value["a"]


def test_keys_compare_as_in_javascript() -> None:
    nan = math.nan
    value = JsMap([(1, "number"), (True, "boolean"), (JsBigInt(1), "bigint"), ("1", "string"), (nan, "nan")])
    assert [value.get(key) for key in (1, True, JsBigInt(1), "1", float("nan"))] == [
        "number",
        "boolean",
        "bigint",
        "string",
        "nan",
    ]
    assert list(value.items())[1] == (True, "boolean")
    one, other = {"q": 1}, {"q": 1}
    opaque = JsMap([(one, 1)])
    assert (opaque.has(one), opaque.has(other)) == (True, False)


def test_map_as_javascript_has_it() -> None:
    value = JsMap().set("a", 1).set("b", 2)
    seen: list[tuple[object, ...]] = []
    value.forEach(lambda *args: seen.append(args))
    assert seen == [(1, "a", value), (2, "b", value)]
    assert [list(pair) for pair in value.entries()] == [["a", 1], ["b", 2]]
    step = value.entries().next()
    assert (list(step.value), step.done) == (["a", 1], False)
    assert (value.delete("a"), value.delete("a")) == (True, False)
    value.clear()
    assert not value


def test_literal_map_shows_string_keys_as_properties() -> None:
    value = JsLiteralMap([("a", 1), (5, "five"), ("from", 2)])
    assert (value.a, value["a"], value.from_, value.constructor.name) == (1, 1, 2, "LiteralMap")
    value.b = 3.0
    assert value["b"] == 3
    assert list(value.object_keys()) == ["a", "from", "b"]
    del value.a
    with pytest.raises(AttributeError, match="^a$"):
        value.a


def test_set() -> None:
    value = JsSet([1, 2, 2, True])
    assert (len(value), list(value), 2 in value, value.size) == (3, [1, 2, True], True, 3)
    assert value.add("x").has("x")
    assert [list(pair) for pair in JsSet(["a"]).entries()] == [["a", "a"]]
    assert (value.delete(1), value.delete(1), list(value.values())) == (True, False, [2, True, "x"])
    assert not JsSet()
