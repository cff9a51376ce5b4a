"""Arrays: recorded in compat_new `jsproxy_access`, the rest from ECMA-262 and Pyodide."""

from __future__ import annotations

from typing import Any

import pytest

from edge.js.arrays import JsArray
from edge.js.errors import JsException
from edge.js.objects import JsObject
from edge.js.proxy import jsnull


def array(*items: Any) -> JsArray:
    return JsArray(list(items))


def test_python_side() -> None:
    value = array(1, 2, 3)
    assert (value[1], value[-1], len(value), 2 in value) == (2, 3, 3, True)
    assert list(value[0:2]) == [1, 2]
    assert value[0:2].constructor.name == "Array"
    value.append(9)
    value.insert(0, 2.0)
    assert list(value) == [2, 1, 2, 3, 9]
    assert (value.pop(), value.index(3), value.count(2)) == (9, 3, 2)
    value[1:2] = [7.0, 8]
    del value[0]
    assert list(reversed(value)) == [3, 2, 8, 7]
    assert list(value + [5]) == [7, 8, 2, 3, 5]


@pytest.mark.parametrize("index", [9, -4])
def test_index_error_names_the_index(index: int) -> None:
    with pytest.raises(IndexError, match=f"^{index}$"):
        array(1, 2, 3)[index]


def test_truth_and_text() -> None:
    assert not array()
    assert array(0)
    assert str(array(1, "a", None, jsnull, array(2, 3))) == "1,a,,,2,3"
    assert array(1, 2, JsObject()).join("-") == "1-2-[object Object]"
    assert not hasattr(array(), "keys")


def test_javascript_side() -> None:
    value = array(3, 1, 2)
    assert (value.push(4.0, 5), value.length, value.at(-1), value.at(9)) == (5, 5, 5, None)
    assert (value.shift(), value.unshift(0)) == (3, 5)
    assert str(value.slice(1, 3)) == "1,2"
    assert str(value.concat(array(8), 9)) == "0,1,2,4,5,8,9"
    assert str(value.splice(-4, 2, "x")) == "1,2"
    assert str(value) == "0,x,4,5"
    assert (value.includes("x"), value.indexOf(5), value.indexOf("5"), value.lastIndexOf(4)) == (
        True,
        3,
        -1,
        2,
    )
    assert str(array(1, array(2, array(3))).flat()) == "1,2,3"
    assert str(array(1, 2, 3).fill(0, 1)) == "1,0,0"
    assert [list(pair) for pair in array("a").entries()] == [[0, "a"]]


def test_callbacks_get_value_index_and_array() -> None:
    value = array(1, 2, 3)
    seen: list[Any] = []
    value.forEach(lambda *args: seen.append(args))
    assert seen == [(1, 0, value), (2, 1, value), (3, 2, value)]
    assert str(value.map(lambda item, *_: item * 2)) == "2,4,6"
    assert str(value.filter(lambda item, *_: item > 1)) == "2,3"
    assert value.find(lambda item, *_: item > 1) == 2
    assert value.some(lambda item, *_: item > 2)
    assert not value.every(lambda item, *_: item > 2)
    assert value.reduce(lambda total, item, *_: total + item) == 6
    with pytest.raises(JsException, match="^TypeError: Reduce of empty array with no initial value$"):
        array().reduce(lambda *_: 0)


def test_sort() -> None:
    assert str(array(10, 9, None, 1).sort()) == "1,10,9,"
    assert str(array(10, 9, 1).sort(lambda a, b: a - b)) == "1,9,10"
