"""Recorded: durable_rpc `echo_types` and `argument_types`, compat_new and compat_old `rpc_old_style`."""

from __future__ import annotations

import asyncio
import datetime
import math
from collections import OrderedDict
from enum import StrEnum
from http import HTTPStatus
from typing import Any, NamedTuple

import pytest

from edge.http.blob import Blob as JsBlob
from edge.http.blob import File as JsFile
from edge.http.request import Request as JsRequest
from edge.http.response import Response as JsResponse
from edge.js.collections import JsMap, JsSet
from edge.js.dates import JsDate
from edge.js.errors import JsException, type_error
from edge.js.functions import JsDoubleProxy
from edge.js.objects import JsArray, JsObject
from edge.js.promise import JsPromise
from edge.js.proxy import JsBigInt, JsProxy, jsnull
from edge.js.typed_arrays import JsUint8Array
from tests.loops import run
from tests.wrangler_compat.modules.sdk.fakes import Recorder
from wrangler_compat.modules.sdk.bindings import _BindingWrapper
from wrangler_compat.modules.sdk.blob import Blob, File
from wrangler_compat.modules.sdk.request import Request
from wrangler_compat.modules.sdk.response import Response
from wrangler_compat.modules.sdk.values import JsDict, python_from_rpc, python_to_rpc


class Text(str):
    __slots__ = ()


class Colour(StrEnum):
    RED = "red"


class Pair(NamedTuple):
    left: int


def there_and_back(value: Any) -> Any:
    return python_from_rpc(python_to_rpc(value))


SAME = [
    None,
    True,
    5,
    1.5,
    -1,
    "é🎉",
    [1, [None, "x"]],
    {"a": {"b": [1]}},
    {},
    [True, False],
    {1, 2},
    "x" * 9,
]


@pytest.mark.parametrize("value", SAME, ids=repr)
def test_plain_values_come_back_equal(value: Any) -> None:
    assert there_and_back(value) == value
    assert type(there_and_back(value)) in (type(value), JsDict)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3.0, 3),
        (Text("x"), "x"),
        (Colour.RED, "red"),
        (HTTPStatus.OK, 200),
        ({1: "a", 2: {3: 4}}, {"1": "a", "2": {"3": 4}}),
        (OrderedDict(a=1), {"a": 1}),
    ],
    ids=repr,
)
def test_values_take_the_form_that_javascript_gives_them(value: Any, expected: Any) -> None:
    assert there_and_back(value) == expected
    assert type(there_and_back(value)) in (type(expected), JsDict)


@pytest.mark.parametrize("value", [2**60, 2**53 - 1, -(2**53)])
def test_large_integers_become_bigints(value: int) -> None:
    back = there_and_back(value)
    assert back == value
    assert type(back) is JsBigInt


def test_numbers_that_are_no_integers_stay() -> None:
    assert math.isnan(there_and_back(math.nan))
    assert there_and_back(-math.inf) == -math.inf


@pytest.mark.parametrize("data", [b"\x00\x01", memoryview(b"\x00\x01")], ids=["bytes", "memoryview"])
def test_bytes_come_back_as_a_memoryview(data: Any) -> None:
    assert isinstance(python_to_rpc(data), JsUint8Array)
    back = there_and_back(data)
    assert isinstance(back, memoryview)
    assert back == b"\x00\x01"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ((1,), "<class 'tuple'> cannot be sent over RPC."),
        ({"a": (1,)}, "<class 'tuple'> cannot be sent over RPC."),
        ([[(1,)]], "<class 'tuple'> cannot be sent over RPC."),
        (frozenset([(1,)]), "<class 'tuple'> cannot be sent over RPC."),
        (bytearray(b"x"), "<class 'bytearray'> cannot be sent over RPC."),
        (Pair(1), f"{Pair} cannot be sent over RPC."),
    ],
    ids=repr,
)
def test_refused_types(value: Any, message: str) -> None:
    with pytest.raises(TypeError) as caught:
        python_to_rpc(value)
    assert str(caught.value) == message


def test_awaitables_are_refused() -> None:
    work = asyncio.sleep(0)
    with pytest.raises(TypeError, match=r"^Awaitable <class 'coroutine'> cannot be sent over RPC\.$"):
        python_to_rpc(work)
    work.close()
    with pytest.raises(TypeError, match=r"^Awaitable .*JsPromise.* cannot be sent over RPC\.$"):
        python_to_rpc([JsPromise.resolved(1)])


def test_regular_expressions_are_refused() -> None:
    class RegExp(JsProxy, js_name="RegExp"):
        pass

    with pytest.raises(TypeError, match=r"^RegExp cannot be sent over RPC\.$"):
        python_to_rpc(RegExp())


def test_datetimes_are_cut_to_milliseconds() -> None:
    back = there_and_back(datetime.datetime(2024, 1, 2, 3, 4, 5, 678901))
    assert back == datetime.datetime(2024, 1, 2, 3, 4, 5, 678000)
    aware = datetime.datetime(2024, 1, 2, tzinfo=datetime.UTC)
    assert python_to_rpc(aware).getTime() == aware.timestamp() * 1000
    assert python_from_rpc(JsDate(0)) == datetime.datetime.fromtimestamp(0)


def test_exceptions_travel_as_errors() -> None:
    sent = python_to_rpc(KeyError("z"))
    assert isinstance(sent, JsException)
    assert (sent.name, sent.message) == ("Error", "'z'")
    back = python_from_rpc(sent)
    assert type(back) is Exception
    assert str(back) == "Error: 'z'"
    own = type_error("t")
    assert python_to_rpc(own) is own
    assert python_from_rpc(own) is own


def test_functions_become_proxies_and_classes_stay() -> None:
    sent = python_to_rpc(lambda x: x + 1)
    assert isinstance(sent, JsDoubleProxy)
    assert sent(1) == 2
    assert python_to_rpc(int) is int


@pytest.mark.parametrize(
    "value",
    [object(), 1j, range(3), datetime.date(2024, 1, 2), frozenset({1})],
    ids=lambda value: type(value).__name__,
)
def test_other_objects_cross_as_they_are(value: Any) -> None:
    assert python_to_rpc(value) is value
    assert python_from_rpc(value) is value


def test_wrappers_go_back_as_what_they_wrap() -> None:
    binding = Recorder()
    response = Response("x")
    assert python_to_rpc(_BindingWrapper(binding)) is binding
    assert python_to_rpc([response])[0] is response.js_object


def test_none_is_null_everywhere() -> None:
    assert python_to_rpc(None) is jsnull
    assert python_to_rpc([None])[0] is jsnull
    assert python_to_rpc({"a": None}).a is jsnull


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (jsnull, None),
        (None, None),
        (2.0, 2),
        (JsObject({"a": jsnull, "b": JsArray([2.0])}), {"a": None, "b": [2]}),
        (JsMap([("k", JsObject({"x": 1}))]), {"k": {"x": 1}}),
        (JsSet([1, 2]), {1, 2}),
        (JsMap(), {}),
    ],
    ids=str,
)
def test_from_javascript(value: Any, expected: Any) -> None:
    back = python_from_rpc(value)
    assert back == expected
    assert type(back) in (type(expected), JsDict)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (JsRequest.make("https://a/"), Request),
        (JsResponse.make(), Response),
        (JsBlob(b"x"), Blob),
        (JsFile(b"x", "n.txt"), File),
    ],
    ids=["Request", "Response", "Blob", "File"],
)
def test_platform_objects_become_classes_of_the_sdk(value: Any, kind: type) -> None:
    assert type(python_from_rpc(value)) is kind
    assert type(python_from_rpc(JsArray([value]))[0]) is kind


def test_a_file_keeps_its_name() -> None:
    file = python_from_rpc(JsFile(b"x", "n.txt", "a/b"))
    assert (file.name, file.content_type, file.size) == ("n.txt", "a/b", 1)
    assert run(file.text()) == "x"


def test_js_dict_has_attributes_unless_dict_does() -> None:
    result = python_from_rpc(JsObject({"keys": 1, "name": "n"}))
    assert type(result).__name__ == "JsDict"
    assert result.name == "n"
    assert result["keys"] == 1
    assert callable(result.keys)
    result.other = 2
    assert result["other"] == 2
    with pytest.raises(AttributeError, match=r"^missing$"):
        result.missing
