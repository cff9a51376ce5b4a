"""to_js and to_py: Pyodide's rules in both versions, recorded in compat_new and compat_old."""

from __future__ import annotations

import array
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.js.arrays import JsArray
from edge.js.collections import JsMap, JsSet
from edge.js.convert import PYODIDE_0_28, ConversionError, to_js, to_py
from edge.js.dates import JsDate
from edge.js.errors import JsException
from edge.js.objects import JsObject
from edge.js.proxy import JsBigInt, jsnull

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 2, 2**53 - 2) | st.text() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def normal(value: Any) -> Any:
    """What a round trip leaves: safe whole floats come back as ints."""
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    if isinstance(value, list):
        return [normal(item) for item in value]
    return {key: normal(item) for key, item in value.items()} if isinstance(value, dict) else value


@given(plain)
def test_plain_data_survives(value: Any) -> None:
    converted = to_js(value)
    assert to_py(converted) == normal(value)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"a": 1}, "Object"),
        ([1], "Array"),
        ((1,), "Array"),
        ({1}, "Set"),
        (b"ab", "Uint8Array"),
        (bytearray(b"ab"), "Uint8Array"),
        (memoryview(b"ab"), "Uint8Array"),
        (array.array("h", [1]), "Int16Array"),
        (array.array("d", [1]), "Float64Array"),
    ],
)
def test_what_python_types_become(value: Any, kind: str) -> None:
    assert to_js(value).constructor.name == kind


@pytest.mark.parametrize(
    ("value", "expected", "kind"),
    [
        (2.0, 2, int),
        (2**53 - 2, 2**53 - 2, int),
        (2**53 - 1, 2**53 - 1, JsBigInt),
        (-(2**60), -(2**60), JsBigInt),
        (1e20, 1e20, float),
        (True, True, bool),
        (math.inf, math.inf, float),
    ],
)
def test_numbers(value: Any, expected: Any, kind: type) -> None:
    converted = to_js(value)
    assert (converted, type(converted)) == (expected, kind)


def test_old_pyodide() -> None:
    converted = to_js({"metadata": 1}, profile=PYODIDE_0_28)
    assert (converted.constructor.name, converted.metadata, converted["metadata"]) == ("LiteralMap", 1, 1)
    assert type(to_py(to_js([2**60]), profile=PYODIDE_0_28)[0]) is int


def test_shared_and_cyclic_containers_stay_so() -> None:
    shared: list[Any] = [1]
    cyclic: dict[str, Any] = {"one": shared, "two": shared}
    cyclic["self"] = cyclic
    converted = to_js(cyclic)
    assert converted.one is converted.two
    assert converted.self is converted
    back = to_py(converted)
    assert back["one"] is back["two"]
    assert back["self"] is back


def test_depth() -> None:
    inner = {"b": 1}
    assert to_js([inner], depth=1)[0] is inner
    value = to_js({"a": {"b": 1}, "c": 2})
    assert value.to_py(depth=1) == {"a": value.a, "c": 2}
    assert to_py(value, depth=0) is value


def test_dict_converter_gets_entries() -> None:
    entries = to_js({"a": 1, 2: "b"}, dict_converter=lambda pairs: pairs)
    assert [list(pair) for pair in entries] == [["a", 1], [2, "b"]]
    assert to_js({1: "a", None: 2}).object_keys().to_py() == ["1", "undefined"]


def test_default_converter() -> None:
    class Point:
        x = 5.0

    point = Point()
    assert to_js([point])[0] is point
    converted = to_js({"p": point}, default_converter=lambda value, convert, cache: convert([value.x]))
    assert list(converted.p) == [5]
    proxies: list[Any] = []
    to_js([point], pyproxies=proxies)
    assert proxies == [point]
    with pytest.raises(ConversionError, match=r"^No conversion known for x\.$"):
        to_js([point], create_pyproxies=False)


def test_eager_converter_sees_containers_first() -> None:
    seen: list[Any] = []

    def eager(value: Any, convert: Any, cache: Any) -> Any:
        seen.append(value)
        return convert(value)

    assert list(to_js([[1]], eager_converter=eager)[0]) == [1]
    assert seen == [[[1]], [1]]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({(1,): 2}, "Cannot use (1,) as a key for a Javascript Map"),
        ({(1,)}, "Cannot use (1,) as a key for a Javascript Set"),
        ({1: "a", "1": "b"}, "Key collision when converting Python dictionary to JavaScript. Key: '1'"),
    ],
)
def test_keys_that_javascript_cannot_have(value: Any, message: str) -> None:
    with pytest.raises(ConversionError) as raised:
        to_js(value)
    assert str(raised.value) == message


def test_to_py() -> None:
    date = JsDate(0)
    value = JsObject(
        {"n": jsnull, "d": date, "m": JsMap([(1, "x")]), "s": JsSet([1, 2]), "b": to_js(b"\x01\xff")}
    )
    back = value.to_py()
    assert (back["n"], back["d"], back["m"], back["s"]) == (jsnull, date, {1: "x"}, {1, 2})
    assert (type(back["b"]), bytes(back["b"])) == (memoryview, b"\x01\xff")
    assert value.to_py(default_converter=lambda item, *_: item.getTime())["d"] == 0


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (JsMap([(JsArray([]), 1)]), "Error: Cannot use key of type Array as a key to a Python dict"),
        (JsSet([JsObject()]), "Error: Cannot use key of type Object as a key to a Python set"),
        (
            JsMap([(1, 1), (True, 2)]),
            "Error: Cannot faithfully convert Map into Python since it contains both 1 and true as keys.",
        ),
    ],
)
def test_what_python_cannot_hold(value: Any, message: str) -> None:
    with pytest.raises(JsException) as raised:
        value.to_py()
    assert str(raised.value) == message
