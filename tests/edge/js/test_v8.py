"""V8's serialization against the format's bytes, against v8serialize and against node."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from typing import Any

import pytest
import v8serialize
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.js.arrays import JsArray
from edge.js.buffers import JsArrayBuffer
from edge.js.clone import structured_clone
from edge.js.collections import JsMap, JsSet
from edge.js.convert import to_js, to_py
from edge.js.dates import JsDate
from edge.js.errors import JsException, error, type_error
from edge.js.functions import JsFunction
from edge.js.objects import JsObject
from edge.js.promise import JsPromise
from edge.js.proxy import JsBigInt, JsProxy, jsnull
from edge.js.regexp import JsRegExp
from edge.js.typed_arrays import JsDataView, JsFloat64Array, JsUint8Array
from edge.js.v8 import deserialize, serialize

NODE = shutil.which("node")

scalars = (
    st.none()
    | st.just(jsnull)
    | st.booleans()
    | st.integers(-(2**53) + 2, 2**53 - 2)
    | st.integers().map(JsBigInt)
    | st.floats(allow_nan=False).filter(lambda x: not (x.is_integer() and abs(x) < 2**53))
    | st.text(st.characters(codec="utf-8"))
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner).map(JsArray)
        | st.dictionaries(st.text(st.characters(codec="utf-8")), inner).map(JsObject)
    ),
    max_leaves=15,
)


@pytest.mark.parametrize(
    ("value", "data"),
    [
        (None, b"_"),
        (jsnull, b"0"),
        (True, b"T"),
        (False, b"F"),
        (0, b"I\x00"),
        (-1, b"I\x01"),
        (300, b"I\xd8\x04"),
        (2**30 - 1, b"I\xfe\xff\xff\xff\x07"),
        (2**30, b"N\x00\x00\x00\x00\x00\x00\xd0A"),
        (1.5, b"N\x00\x00\x00\x00\x00\x00\xf8?"),
        (JsBigInt(0), b"Z\x00"),
        (JsBigInt(-5), b"Z\x11\x05\x00\x00\x00\x00\x00\x00\x00"),
        ("hé", b'"\x02h\xe9'),
        ("語", b"c\x02\x9e\x8a"),
        (JsObject({"a": 1, "2": "x"}), b'oI\x04"\x01x"\x01aI\x02{\x02'),
        (JsArray([1, None]), b"A\x02I\x02_$\x00\x02"),
        (JsMap([("a", 1)]), b';"\x01aI\x02:\x02'),
        (JsSet([1]), b"'I\x02,\x01"),
        (JsDate(1), b"D\x00\x00\x00\x00\x00\x00\xf0?"),
        (JsRegExp("a", "gi"), b'R"\x01a\x03'),
        (JsUint8Array(JsArrayBuffer(b"abc"), 1, 1), b"B\x03abcVB\x01\x01\x00"),
    ],
)
def test_bytes(value: Any, data: bytes) -> None:
    assert serialize(value) == b"\xff\x0f" + data


def test_two_byte_strings_begin_at_even_places() -> None:
    for filling in ("", "x", "xx"):
        data = serialize(JsArray([filling, "語"]))
        assert data.index("語".encode("utf-16-le")) % 2 == 0
        assert to_py(deserialize(data)) == [filling, "語"]


@given(values)
def test_round_trip(value: Any) -> None:
    assert same(deserialize(serialize(value)), value)


@given(values)
@settings(max_examples=20)
def test_v8serialize_reads_what_we_write(value: Any) -> None:
    v8serialize.loads(serialize(value))


@given(st.recursive(st.booleans() | st.integers(-(2**31), 2**31) | st.text(), st.lists, max_leaves=10))
@settings(max_examples=20)
def test_we_read_what_v8serialize_writes(value: Any) -> None:
    assert to_py(deserialize(bytes(v8serialize.dumps(value)))) == value


def same(left: Any, right: Any) -> bool:
    if isinstance(left, JsObject):
        return isinstance(right, JsObject) and same(
            JsArray(sum(map(list, left._own_items()), [])), JsArray(sum(map(list, right._own_items()), []))
        )
    if isinstance(left, JsArray):
        return len(left) == len(right) and all(map(same, left, right))
    return type(left) is type(right) and left == right


def rich_values() -> list[Any]:
    buffer = JsArrayBuffer(b"abcdefgh")
    cyclic = JsObject({"list": JsArray([])})
    cyclic._props["self"] = cyclic
    shared = JsObject({"x": 1})
    return [
        JsObject({"a": 1, "10": 2, "é": "ü", "語": "日", "n": jsnull, "u": None, "f": 1.5}),
        JsMap([("a", JsSet([1, "x"])), (True, math.nan)]),
        JsBigInt(-(2**70)),
        JsDate(1234567890123),
        JsRegExp("a+b", "dgimsuy"),
        buffer,
        JsUint8Array(buffer, 2, 3),
        JsFloat64Array(JsArrayBuffer(bytes(16))),
        JsDataView(buffer, 1),
        JsObject({"one": JsUint8Array(buffer), "two": JsUint8Array(buffer, 1), "all": buffer}),
        cyclic,
        JsObject({"one": shared, "two": shared}),
        type_error("boom"),
        error("plain"),
    ]


@pytest.mark.skipif(NODE is None, reason="node is not installed")
def test_node_writes_the_same_bytes() -> None:
    script = """
        const v8 = require("v8");
        const given = JSON.parse(require("fs").readFileSync(0));
        console.log(JSON.stringify(given.map((hex) => {
          const reader = new v8.Deserializer(Buffer.from(hex, "hex"));
          reader.readHeader();
          const writer = new v8.Serializer();
          writer.writeHeader();
          writer.writeValue(reader.readValue());
          return writer.releaseBuffer().toString("hex");
        })));
    """
    given_hex = [serialize(value).hex() for value in rich_values()]
    assert NODE is not None
    ran = subprocess.run(
        [NODE, "-e", script], input=json.dumps(given_hex).encode(), stdout=subprocess.PIPE, check=True
    )
    # Arrays are left out above: node reads a dense array as a holey one and writes it sparse.
    without_arrays = [index for index in range(len(given_hex)) if index != 10]
    written = json.loads(ran.stdout)
    assert [written[index] for index in without_arrays] == [given_hex[index] for index in without_arrays]
    sparse = deserialize(bytes.fromhex(written[10]))
    assert sparse.self is sparse


def test_references() -> None:
    clone = structured_clone(rich_values()[10])
    assert clone.self is clone
    shared = structured_clone(rich_values()[11])
    assert shared.one is shared.two
    views = structured_clone(rich_values()[9])
    assert views.one.buffer is views.two.buffer is views.all


@pytest.mark.parametrize("index", range(9))
def test_rich_values_come_back(index: int) -> None:
    value = rich_values()[index]
    clone = structured_clone(value)
    assert serialize(clone) == serialize(value)
    assert type(clone) is type(value)


def test_errors_keep_class_message_stack_and_cause() -> None:
    made = JsException("CustomError", "boom", cause=JsException("RangeError", "why"), retryable=True)
    clone = structured_clone(made)
    assert (clone.name, clone.message, clone.cause.name, clone.cause.message) == (
        "Error",
        "boom",
        "RangeError",
        "why",
    )
    assert not hasattr(clone, "retryable")
    assert structured_clone(type_error("x")).name == "TypeError"


class Thing(JsProxy, js_name="Thing"):
    pass


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"a": 1}, "[object Object] could not be cloned."),
        (1j, "[object Object] could not be cloned."),
        (lambda: 1, "function(){} could not be cloned."),
        (int, "function(){} could not be cloned."),
        (JsFunction(lambda: 1, "log"), "function log() { [native code] } could not be cloned."),
        (JsPromise.resolved(1), "#<Promise> could not be cloned."),
        (Thing(), 'Could not serialize object of type "Thing". This type does not support serialization.'),
    ],
)
def test_what_cannot_be_cloned(value: Any, message: str) -> None:
    with pytest.raises(JsException) as raised:
        serialize(JsObject({"inside": value}))
    assert (raised.value.name, raised.value.message) == ("DataCloneError", message)


def test_host_objects_travel_as_numbers() -> None:
    class Table:
        def __init__(self) -> None:
            self.taken: list[Any] = []

        def dehydrate(self, value: Any) -> int:
            self.taken.append(value)
            return len(self.taken) - 1

        def hydrate(self, number: int) -> Any:
            return self.taken[number]

    thing, table = Thing(), Table()
    value = JsArray([thing, thing, 1])
    data = serialize(value, host=table)
    assert data == b"\xff\x0fA\x03\\\x00^\x01I\x02$\x00\x03"
    clone = deserialize(data, host=table)
    assert (clone[0] is thing, clone[1] is thing, len(table.taken)) == (True, True, 1)
    with pytest.raises(JsException, match=r"^Error: Unable to deserialize cloned data\.$"):
        deserialize(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"\xff\x0f",
        b"\xff\x10I\x00",
        b"I\x00",
        b'\xff\x0f"\x05ab',
        b"\xff\x0f^\x07",
        b"\xff\x0f!",
        b"\xff\x0fa\xff\xff\xff\x0f",
    ],
)
def test_broken_data(data: bytes) -> None:
    with pytest.raises(JsException) as raised:
        deserialize(data)
    assert raised.value.message == "Unable to deserialize cloned data."


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    assert outcome(b"\xff\x0f" + data) in ("read", "Error: Unable to deserialize cloned data.")


def outcome(data: bytes) -> str:
    try:
        deserialize(data)
    except JsException as refused:
        return str(refused)
    return "read"


def test_deep_nesting_is_a_range_error() -> None:
    value = JsArray([])
    for _ in range(5000):
        value = JsArray([value])
    with pytest.raises(JsException, match="^RangeError: Maximum call stack size exceeded$"):
        serialize(value)


def test_older_and_boxed_values_are_read() -> None:
    assert deserialize(b"\xff\x0dS\x03\xe8\xaa\x9e") == "語"
    assert to_py(deserialize(b'\xff\x0fa\x03I\x02"\x01b@\x01\x03')) == [None, "b", None]
    assert deserialize(b"\xff\x0fA\x02-I\x02$\x00\x02").to_py() == [None, 1]
    assert [deserialize(b"\xff\x0f" + data) for data in (b"y", b"x", b's"\x01a', b"U\x05")] == [
        True,
        False,
        "a",
        5,
    ]
    assert deserialize(b"\xff\x0fn\x00\x00\x00\x00\x00\x00\x00@") == 2
    assert to_js(b"x").to_bytes() == b"x"
