"""Plain objects: recorded in compat_new and compat_old `jsproxy_access`, the rest from ECMA-262."""

from __future__ import annotations

from typing import Any

import pytest

from edge.js.objects import (
    JsArray,
    JsLiteralMap,
    JsObject,
    get_property,
    has_property,
    is_array_index,
    own_items,
)
from edge.js.proxy import JsBigInt, JsProxy, jsnull


@pytest.fixture
def sample() -> Any:
    return JsObject({"a": 1, "keys": "k", "from": 2, "x-y": 3, "n": jsnull})


def test_attributes_are_properties(sample: Any) -> None:
    assert (sample.a, sample.keys, getattr(sample, "x-y"), sample.n) == (1, "k", 3, jsnull)
    assert getattr(sample, "from") == sample.from_ == 2
    with pytest.raises(AttributeError, match="^zz$"):
        sample.zz


def test_set_and_delete(sample: Any) -> None:
    sample.new = 5
    sample.pd = {"q": 1}
    assert sample.new == 5
    assert sample.pd == {"q": 1}
    del sample.new
    assert not hasattr(sample, "new")
    del sample.never_there  # JavaScript's delete does not mind


def test_numbers_take_their_javascript_form(sample: Any) -> None:
    sample.whole, sample.big, sample.fraction = 2.0, 2**53 - 1, 1.5
    assert (sample.whole, type(sample.whole)) == (2, int)
    assert (sample.big, type(sample.big)) == (2**53 - 1, JsBigInt)
    assert sample.fraction == 1.5


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda p: p["a"], "'pyodide.ffi.JsProxy' object is not subscriptable"),
        (len, "object of type 'pyodide.ffi.JsProxy' has no len()"),
        (list, "'pyodide.ffi.JsProxy' object is not iterable"),
    ],
)
def test_what_an_object_is_not(sample: Any, use: Any, message: str) -> None:
    with pytest.raises(TypeError) as raised:
        use(sample)
    assert str(raised.value) == message


def test_identity(sample: Any) -> None:
    assert type(sample).__name__ == "JsProxy"
    assert isinstance(sample, JsProxy)
    assert (sample == sample, sample == JsObject({})) == (True, False)
    assert (str(sample), repr(sample), sample.typeof) == ("[object Object]", "[object Object]", "object")
    assert sample.constructor.name == "Object"
    assert bool(JsObject())


def test_inherited_members_hide_behind_own_ones() -> None:
    assert JsObject({}).toString() == "[object Object]"
    assert JsObject({"toString": 1, "constructor": "c"}).toString == 1
    assert JsObject({"constructor": "c"}).constructor == "c"
    assert JsObject({"a": 1}).hasOwnProperty("a")


def test_numbers_are_listed_first() -> None:
    value = JsObject({"b": 1, "10": 2, "9": 3, "a": 4, "01": 5})
    assert list(value.object_keys()) == ["9", "10", "b", "a", "01"]
    assert list(value.object_values()) == [3, 2, 1, 4, 5]
    assert [list(pair) for pair in value.object_entries()][:2] == [["9", 3], ["10", 2]]


@pytest.mark.parametrize(
    ("key", "expected"),
    [("0", True), ("4294967294", True), ("4294967295", False), ("00", False), ("", False), ("-1", False)],
)
def test_array_indices(key: str, expected: bool) -> None:
    assert is_array_index(key) is expected


def test_object_map() -> None:
    value = JsObject({"f": 1.5, "o": JsObject({"x": 1})})
    view = value.as_object_map()
    assert (view["f"], len(view), "f" in view, list(view)) == (1.5, 2, True, ["f", "o"])
    view["g"] = 2.0
    assert value._props["g"] == 2
    del view["g"]
    with pytest.raises(KeyError):
        view["g"]
    assert value.as_object_map(hereditary=True)["o"]["x"] == 1


def test_options_are_read_from_whatever_stands_for_an_object() -> None:
    sources = [JsObject({"a": 1}), JsLiteralMap([("a", 1)]), {"a": 1}]
    assert [get_property(source, "a") for source in sources] == [1, 1, 1]
    assert [has_property(source, "b") for source in sources] == [False, False, False]
    assert [own_items(source) for source in sources] == [[("a", 1)]] * 3
    assert [get_property(value, "a", "d") for value in (None, jsnull, "text", 5)] == ["d"] * 4
    assert get_property(JsArray([1]), "length") == 1
